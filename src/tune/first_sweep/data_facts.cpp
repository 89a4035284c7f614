#include "tune/first_sweep/data_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "shoal/comm/communicator.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/whole_split.hpp"
#include "shoal/train/training.hpp"

namespace shoal {
namespace {

bool all_yes_or_no(const Split& split) {
  bool so = true;
  for_rows(split, [&](std::span<const std::int64_t> rows) {
    std::vector<float> targets(rows.size() * static_cast<std::size_t>(split.outputs()));
    split.read_targets(rows, targets);
    so = so && std::all_of(targets.begin(), targets.end(), [](float y) { return y == 0.0F || y == 1.0F; });
  });
  return so;
}

/// Channels, height, width; a row of two dimensions has one channel.
std::vector<std::int64_t> image_of(const Dataset& dataset, const Split& train) {
  std::vector<std::int64_t> shape = dataset.shape();
  if (!train.holds_images() || shape.size() > 3) return {};
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  return shape;
}

/// Columns of a table, by what train holds.
std::int64_t encoded_inputs(const Dataset& dataset, const Split& train) {
  if (!dataset.table()) return train.features();
  Config config;
  config.data.validation = 0.0;
  TrainingData data = select_data(dataset, config);
  Communicator alone;
  learn_columns(data, alone);
  const Encoding encoding = encoding_for(config, data);
  std::int64_t inputs = encoding.inputs(train.features());
  for (const ColumnEncoding* column : encoding.embedded()) inputs += column->width - 1;
  return inputs;
}

}  // namespace

std::int64_t DataFacts::rarest() const {
  std::int64_t least = rows;
  for (const std::int64_t count : of_class) {
    if (count > 0) least = std::min(least, count);
  }
  return least;
}

std::int64_t DataFacts::commonest() const {
  return of_class.empty() ? 0 : *std::max_element(of_class.begin(), of_class.end());
}

DataFacts facts_of(const std::string& path) {
  const Dataset dataset = Dataset::open(path);
  const Split train = dataset.split("train");
  if (!train.has_labels() && !train.has_targets())
    throw Error(ExitStatus::bad_data, fmt::format("{} has no y to learn; import it with --label", path));
  if (train.rows() == 0) throw Error(ExitStatus::bad_data, fmt::format("{} has no rows in train", path));
  DataFacts facts;
  facts.file = std::filesystem::absolute(path).lexically_normal().string();
  facts.rows = train.rows();
  facts.validation = dataset.has("validation") ? dataset.split("validation").rows() : 0;
  facts.inputs = encoded_inputs(dataset, train);
  facts.bytes = train.element_type() == ElementType::uint8;
  facts.table = dataset.table().has_value();
  facts.image = image_of(dataset, train);
  if (train.has_labels()) {
    facts.of_class = rows_by_class(train);
  } else {
    facts.outputs = train.outputs();
    facts.yes_or_no = all_yes_or_no(train);
  }
  return facts;
}

}  // namespace shoal
