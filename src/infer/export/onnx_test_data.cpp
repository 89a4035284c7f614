#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "infer/export/onnx_encoding.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/infer/export_onnx.hpp"

namespace shoal {
namespace {

constexpr std::int64_t rows = 16;

/// Between -1.5 and 1.5, of other columns in another order.
double deviations(std::int64_t row, std::size_t column) {
  return static_cast<double>((row * 7 + static_cast<std::int64_t>(column % 97) * 3) % rows) / 5.0 - 1.5;
}

/// A cell of a category: each value of the data set in turn, then none, then one that it does not have.
struct MadeUpCell {
  std::string text;
  double code;
};
MadeUpCell cell_of(const FeatureColumn& column, std::int64_t row) {
  const std::vector<std::string>& known = column.categories;
  const std::size_t turn = static_cast<std::size_t>(row) % (known.size() + 2);
  if (turn < known.size()) return {known[turn], static_cast<double>(turn)};
  if (turn == known.size()) return {"", std::numeric_limits<double>::quiet_NaN()};
  std::string unseen = "unseen";
  while (std::find(known.begin(), known.end(), unseen) != known.end()) unseen += '?';
  return {unseen, static_cast<double>(known.size())};
}

/// Values of one input, and the same as numbers of a data set.
struct MadeUpInput {
  std::vector<double> numbers;
  std::vector<std::string> texts;
};

MadeUpInput table_column(const TrainedModel& trained, std::size_t d) {
  const ColumnEncoding& column = trained.encoding.columns[d];
  const Normalization& n = trained.encoding.normalization;
  const double spread = n.deviation.empty() ? 1.0 : n.deviation[d];
  MadeUpInput made;
  for (std::int64_t r = 0; r < rows; ++r) {
    if (column.column.has_categories()) {
      const MadeUpCell cell = cell_of(trained.data.table->features[d], r);
      made.texts.push_back(cell.text);
      made.numbers.push_back(cell.code);
    } else {
      const bool missing = (r + static_cast<std::int64_t>(d % 5)) % 5 == 0;
      made.numbers.push_back(missing ? std::numeric_limits<double>::quiet_NaN()
                                     : column.fill + spread * deviations(r, d));
    }
  }
  return made;
}

std::string tensor_bytes(const OnnxInput& input, const MadeUpInput& values) {
  std::vector<std::int64_t> shape = input.shape;
  shape.insert(shape.begin(), rows);
  const std::vector<float> floats(values.numbers.begin(), values.numbers.end());
  if (input.type == OnnxType::text) return onnx_tensor(input.name, shape, std::span(values.texts)).bytes();
  if (input.type == OnnxType::float64) return onnx_tensor(input.name, shape, std::span(values.numbers)).bytes();
  return onnx_tensor(input.name, shape, std::span(floats)).bytes();
}

/// What shoal makes of rows as a data set has them.
std::string output_bytes(TrainedModel& trained, const std::vector<OnnxInput>& given, const std::vector<double>& values,
                         bool logits) {
  LocalTreeSum sums;
  PredictionPass pass(trained, rows, sums);
  const RowEncoder encoder(trained.encoding, own_columns(trained.encoding, trained.data.features()),
                           trained.features());
  const auto features = static_cast<std::size_t>(trained.features());
  const auto inputs = static_cast<std::size_t>(trained.model.inputs());
  std::vector<float> x(inputs * rows);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
    const std::string wrong =
        encoder.encode(std::span(values).subspan(r * features, features), std::span(x).subspan(r * inputs, inputs));
    if (!wrong.empty()) throw Error(ExitStatus::bad_data, fmt::format("a row made up for {}: {}", trained.path, wrong));
  }
  pack_samples(std::span<const float>(x), rows, pass.executor().input(trained.model.input()));
  const Predictions made = pass.predict(rows, [](std::int64_t r) { return fmt::format("made-up row {}", r); });
  const PredictionLayout layout(trained);
  if (logits) {
    const auto z = pass.executor().value(trained.model.logits());
    std::vector<float> values_of(static_cast<std::size_t>(rows * z.columns));
    unpack(z, rows, std::span(values_of));
    return onnx_tensor(onnx_output_name(given, "logits"), {rows, z.columns}, std::span<const float>(values_of)).bytes();
  }
  const std::string name = onnx_output_name(given, layout.probabilities ? "probabilities" : "outputs");
  return layout.precise ? onnx_tensor(name, {rows, layout.columns}, std::span(made.precise)).bytes()
                        : onnx_tensor(name, {rows, layout.columns}, std::span(made.values)).bytes();
}

}  // namespace

std::vector<OnnxTestFile> onnx_test_data(TrainedModel& trained, const OnnxOptions& options) {
  const std::vector<OnnxInput> inputs = onnx_inputs(trained);
  const auto features = static_cast<std::size_t>(trained.features());
  std::vector<double> values(features * rows, std::numeric_limits<double>::quiet_NaN());
  std::vector<OnnxTestFile> files;
  const auto add = [&](const OnnxInput& input, const MadeUpInput& made) {
    files.push_back({fmt::format("input_{}.pb", files.size()), tensor_bytes(input, made)});
  };
  if (trained.encoding.columns.empty()) {
    const Normalization& n = trained.encoding.normalization;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t d = i % features;
      const double t = deviations(static_cast<std::int64_t>(i / features), d);
      values[i] = static_cast<double>(static_cast<float>(n.mean.empty() ? t : n.mean[d] + n.deviation[d] * t));
    }
    add(inputs.front(), {values, {}});
  } else {
    for (const OnnxInput& input : inputs) {
      const MadeUpInput made = table_column(trained, input.column);
      for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
        values[r * features + input.column] = made.numbers[r];
      add(input, made);
    }
  }
  files.push_back({"output_0.pb", output_bytes(trained, inputs, values, options.logits)});
  return files;
}

}  // namespace shoal
