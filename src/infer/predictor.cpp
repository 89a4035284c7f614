#include "shoal/infer/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

TrainedModel open(const std::string& checkpoint) {
  const Archive archive = parse_checkpoint(read_checkpoint(checkpoint), checkpoint);
  if (std::optional<Model> model = described_model(archive)) return {archive, *std::move(model)};
  throw Error(ExitStatus::bad_data, checkpoint +
                                        " is of a version that described its model by a config; shoal evaluate and "
                                        "shoal predict read it, or --resume it to write a new one");
}

}  // namespace

struct Predictor::State {
  TrainedModel trained;
  PredictionLayout layout;
  std::vector<double> scale;
  LocalTreeSum sums;
  std::unique_ptr<PredictionPass> pass;  // made for the largest block so far

  explicit State(const std::string& checkpoint)
      : trained(open(checkpoint)), layout(trained), scale(trained.normalization.scale()) {}

  /// Rows `first` and on, of which there are `count`, normalised into the input.
  void feed(std::span<const float> rows, std::int64_t first, std::int64_t count) {
    const auto width = static_cast<std::size_t>(trained.model.inputs());
    const std::vector<double>& mean = trained.normalization.mean;
    std::vector<float> x(static_cast<std::size_t>(count) * width);
    const auto from = rows.subspan(static_cast<std::size_t>(first) * width, x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t d = i % width;
      const auto value = static_cast<double>(from[i]);
      x[i] = mean.empty() ? from[i] : normalised(value, mean[d], scale[d]);
      if (!std::isfinite(x[i]))
        throw Error(ExitStatus::bad_data,
                    fmt::format("row {}, feature {} is {}, which {}; remove or replace such values",
                                first + static_cast<std::int64_t>(i / width), d, from[i],
                                std::isfinite(from[i]) ? "is too large for float32 when normalised" : "is no number"));
    }
    pack(std::span<const float>(x), pass->executor().input(trained.model.input()), count);
  }
};

Predictor::Predictor(const std::string& checkpoint) : state_(std::make_unique<State>(checkpoint)) {}
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

std::int64_t Predictor::step() const { return state_->trained.step; }
std::int64_t Predictor::features() const { return state_->trained.model.inputs(); }
const DataDescription& Predictor::trained_on() const { return state_->trained.data; }
const PredictionLayout& Predictor::layout() const { return state_->layout; }

Predictions Predictor::predict(std::span<const float> rows) const {
  State& s = *state_;
  const auto width = static_cast<std::size_t>(features());
  if (rows.size() % width != 0)
    throw Error(ExitStatus::usage, fmt::format("{} numbers are no whole rows of {} features", rows.size(), width));
  const auto count = static_cast<std::int64_t>(rows.size() / width);
  Predictions all;
  for (std::int64_t first = 0; first < count; first += prediction_block) {
    const std::int64_t block = std::min(prediction_block, count - first);
    if (s.pass == nullptr || s.pass->capacity() < block)
      s.pass = std::make_unique<PredictionPass>(s.trained, block, s.sums);
    s.feed(rows, first, block);
    const Predictions some = s.pass->predict(block, [&](std::int64_t r) { return fmt::format("row {}", first + r); });
    all.values.insert(all.values.end(), some.values.begin(), some.values.end());
    all.precise.insert(all.precise.end(), some.precise.begin(), some.precise.end());
    all.labels.insert(all.labels.end(), some.labels.begin(), some.labels.end());
  }
  return all;
}

}  // namespace shoal
