#include "shoal/infer/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/core/error.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/data/row_of_cells.hpp"

namespace shoal {
namespace {

TrainedModel open(const std::string& checkpoint, WhichWeights which) {
  const Archive archive = parse_checkpoint(read_checkpoint(checkpoint), checkpoint);
  if (std::optional<Model> model = described_model(archive)) return {archive, *std::move(model), which};
  throw Error(ExitStatus::bad_data, checkpoint +
                                        " is of a version that described its model by a config; shoal evaluate and "
                                        "shoal predict read it, or --resume it to write a new one");
}

}  // namespace

struct Predictor::State {
  TrainedModel trained;
  PredictionLayout layout;
  RowEncoder encoder;
  LocalTreeSum sums;
  std::unique_ptr<PredictionPass> pass;  // made for the largest block so far

  State(const std::string& checkpoint, WhichWeights which)
      : trained(open(checkpoint, which)),
        layout(trained),
        encoder(trained.encoding, own_columns(trained.encoding), trained.features()) {}

  /// Rows `first` and on, of which there are `count`, encoded into the input.
  template <class T>
  void feed(std::span<const T> rows, std::int64_t first, std::int64_t count) {
    const auto width = static_cast<std::size_t>(trained.features());
    const auto inputs = static_cast<std::size_t>(trained.model.inputs());
    std::vector<float> x(static_cast<std::size_t>(count) * inputs);
    std::vector<double> values(width);
    for (std::size_t r = 0; r < static_cast<std::size_t>(count); ++r) {
      const auto row = rows.subspan((static_cast<std::size_t>(first) + r) * width, width);
      std::copy(row.begin(), row.end(), values.begin());
      const std::string wrong = encoder.encode(values, std::span(x).subspan(r * inputs, inputs));
      if (!wrong.empty())
        throw Error(ExitStatus::bad_data, fmt::format("row {}, {}", first + static_cast<std::int64_t>(r), wrong));
    }
    pack_samples(std::span<const float>(x), count, pass->executor().input(trained.model.input()));
  }

  template <class T>
  Predictions predict(std::span<const T> rows) {
    const auto width = static_cast<std::size_t>(trained.features());
    if (rows.size() % width != 0)
      throw Error(ExitStatus::usage, fmt::format("{} numbers are no whole rows of {} features", rows.size(), width));
    const auto count = static_cast<std::int64_t>(rows.size() / width);
    Predictions all;
    for (std::int64_t first = 0; first < count; first += prediction_block) {
      const std::int64_t block = std::min(prediction_block, count - first);
      if (pass == nullptr || pass->capacity() < block) pass = std::make_unique<PredictionPass>(trained, block, sums);
      feed(rows, first, block);
      const Predictions some = pass->predict(block, [&](std::int64_t r) { return fmt::format("row {}", first + r); });
      all.values.insert(all.values.end(), some.values.begin(), some.values.end());
      all.precise.insert(all.precise.end(), some.precise.begin(), some.precise.end());
      all.labels.insert(all.labels.end(), some.labels.begin(), some.labels.end());
    }
    return all;
  }
};

Predictor::Predictor(const std::string& checkpoint, WhichWeights which)
    : state_(std::make_unique<State>(checkpoint, which)) {}
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

std::int64_t Predictor::step() const { return state_->trained.step; }
std::int64_t Predictor::features() const { return state_->trained.features(); }
const DataDescription& Predictor::trained_on() const { return state_->trained.data; }
const PredictionLayout& Predictor::layout() const { return state_->layout; }

Predictions Predictor::predict(std::span<const float> rows) const { return state_->predict(rows); }
Predictions Predictor::predict(std::span<const double> rows) const { return state_->predict(rows); }

std::vector<double> Predictor::row(const std::map<std::string, std::string>& cells) const {
  const DataDescription& data = state_->trained.data;
  if (data.table) return row_of_cells(*data.table, cells);
  if (data.columns.empty())
    throw Error(ExitStatus::usage, state_->trained.path + " was trained on data whose columns have no names");
  TableDescription numbers;
  for (const std::string& name : data.columns) numbers.features.push_back({name, ColumnType::number, {}});
  return row_of_cells(numbers, cells);
}

}  // namespace shoal
