#include "infer/export/onnx_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "shoal/data/row_of_cells.hpp"

namespace shoal {
namespace {

/// Whether float32 has this many digits less than a feature needs: its error is above 1e-6 deviations.
bool too_far_for_float(const Normalization& n) {
  constexpr double most_deviations = 16.0;
  for (std::size_t d = 0; d < n.mean.size(); ++d)
    if (std::fabs(n.mean[d]) > most_deviations * n.deviation[d]) return true;
  return false;
}

/// Columns of an encoded row on their way there: blocks of columns, which a last Gather puts in order.
class ColumnBlocks {
 public:
  explicit ColumnBlocks(OnnxGraph& graph) : g_(graph) {}

  /// @returns the number of its first column
  std::int64_t add(const std::string& block, std::int64_t columns) {
    blocks_.push_back(block);
    return std::exchange(size_, size_ + columns);
  }
  std::string in_order(const std::vector<std::int64_t>& order) {
    std::string all = blocks_.size() == 1 ? blocks_.front() : g_.node("Concat", blocks_, axis_1);
    std::vector<std::int64_t> own(order.size());
    std::iota(own.begin(), own.end(), std::int64_t{0});
    if (order == own && size_ == std::ssize(order)) return all;
    return g_.node("Gather", {all, g_.constant("order", {std::ssize(order)}, order)}, axis_1);
  }

 private:
  const std::map<std::string, OnnxAttribute> axis_1{{"axis", std::int64_t{1}}};
  OnnxGraph& g_;
  std::vector<std::string> blocks_;
  std::int64_t size_ = 0;
};

/// Places of categories: (batch, 1), int64.
std::string places_of(OnnxGraph& g, const std::string& input, const ColumnEncoding& column) {
  std::vector<std::string> texts = column.column.categories;
  std::vector<std::int64_t> places(texts.size());
  std::iota(places.begin(), places.end(), std::int64_t{0});
  texts.emplace_back();  // a missing cell
  places.push_back(column.missing ? column.values() - 1 : column.values());
  return g.node("LabelEncoder", {input},
                {{"keys_strings", texts}, {"values_int64s", places}, {"default_int64", column.values()}},
                OnnxGraph::ml_domain);
}

class TableEncodingWriter {
 public:
  TableEncodingWriter(OnnxGraph& graph, const TrainedModel& trained, const std::vector<OnnxInput>& inputs)
      : g_(graph), trained_(trained), blocks_(graph) {
    const Encoding& encoding = trained.encoding;
    number_of_.resize(encoding.columns.size(), -1);
    category_of_.resize(encoding.columns.size(), -1);
    write_numbers(inputs);
    for (const OnnxInput& input : inputs) {
      const ColumnEncoding& column = encoding.columns[input.column];
      if (column.column.has_categories()) write_category(input, column);
    }
  }

  std::string encoded() {
    const auto& columns = trained_.encoding.columns;
    std::vector<std::int64_t> order;
    for (std::size_t d = 0; d < columns.size(); ++d) {
      const ColumnEncoding& column = columns[d];
      if (column.absent || column.embedded()) continue;
      if (!column.column.has_categories()) {
        order.push_back(number_of_[d]);
        if (column.missing) order.push_back(number_of_[d] + numbers_);  // the block of gaps stands behind
        continue;
      }
      for (std::int64_t k = 0; k < column.places(); ++k) order.push_back(category_of_[d] + k);
    }
    for (std::size_t d = 0; d < columns.size(); ++d)
      if (!columns[d].absent && columns[d].embedded()) order.push_back(category_of_[d]);
    return blocks_.in_order(order);
  }

 private:
  /// Two blocks of all numbers and dates: normalised, and whether they are missing.
  void write_numbers(const std::vector<OnnxInput>& inputs) {
    const Encoding& encoding = trained_.encoding;
    std::vector<std::string> given;
    std::vector<double> fill, mean, scale;
    const std::vector<double> known_missing =
        trained_.data.table ? missing_numbers(*trained_.data.table) : std::vector<double>();
    std::vector<std::vector<double>> missing(known_missing.size());
    const std::vector<double> scales = encoding.normalization.scale();
    bool gaps = false;
    for (const OnnxInput& input : inputs) {
      const ColumnEncoding& column = encoding.columns[input.column];
      if (column.column.has_categories()) continue;
      number_of_[input.column] = numbers_++;
      given.push_back(input.name);
      fill.push_back(column.fill);
      mean.push_back(scales.empty() ? 0.0 : encoding.normalization.mean[input.column]);
      scale.push_back(scales.empty() ? 1.0 : scales[input.column]);
      gaps = gaps || column.missing;
      for (std::size_t k = 0; k < missing.size(); ++k)
        missing[k].push_back(column.column.marks.any() ? std::numeric_limits<double>::quiet_NaN()
                                                       : known_missing[k]);  // NaN equals nothing
    }
    if (given.empty()) return;
    const auto row = [&](const char* name, const std::vector<double>& values) {
      return g_.constant(name, {1, numbers_}, values);
    };
    std::string v = given.size() == 1 ? given.front() : g_.node("Concat", given, {{"axis", std::int64_t{1}}});
    std::string there = g_.node("Equal", {v, v});  // NaN differs from itself
    for (const std::vector<double>& numbers : missing)
      there = g_.node("And", {there, g_.node("Not", {g_.node("Equal", {v, row("missing", numbers)})})});
    if (encoding.from_floats) v = g_.cast(g_.cast(v, OnnxType::float32), OnnxType::float64);
    v = g_.node("Where", {there, v, row("fill", fill)});
    v = g_.node("Mul", {g_.node("Sub", {v, row("mean", mean)}), row("scale", scale)});
    blocks_.add(g_.cast(v, OnnxType::float32), numbers_);
    if (gaps) blocks_.add(g_.cast(g_.node("Not", {there}), OnnxType::float32), numbers_);
  }

  void write_category(const OnnxInput& input, const ColumnEncoding& column) {
    const std::string place = places_of(g_, input.name, column);
    if (column.embedded()) {
      category_of_[input.column] = blocks_.add(g_.cast(place, OnnxType::float32), 1);
      return;
    }
    std::vector<std::int64_t> all(static_cast<std::size_t>(column.places()));
    std::iota(all.begin(), all.end(), std::int64_t{0});
    const std::string one_hot = g_.node("Equal", {place, g_.constant("places", {1, column.places()}, all)});
    category_of_[input.column] = blocks_.add(g_.cast(one_hot, OnnxType::float32), column.places());
  }

  OnnxGraph& g_;
  const TrainedModel& trained_;
  ColumnBlocks blocks_;
  std::int64_t numbers_ = 0;
  std::vector<std::int64_t> number_of_, category_of_;  // the first column of each among the blocks
};

}  // namespace

std::vector<OnnxInput> onnx_inputs(const TrainedModel& trained) {
  const Encoding& encoding = trained.encoding;
  if (encoding.columns.empty())
    return {
        {"x", too_far_for_float(encoding.normalization) ? OnnxType::float64 : OnnxType::float32, trained.data.shape}};
  std::vector<OnnxInput> inputs;
  for (std::size_t d = 0; d < encoding.columns.size(); ++d) {
    const ColumnEncoding& column = encoding.columns[d];
    if (column.absent) continue;
    inputs.push_back({column.column.name, column.column.has_categories() ? OnnxType::text : OnnxType::float64, {1}, d});
  }
  return inputs;
}

std::string onnx_output_name(const std::vector<OnnxInput>& inputs, const std::string& name) {
  std::string own = name;
  const auto is_taken = [&](const OnnxInput& input) { return input.name == own; };
  for (int k = 1; std::any_of(inputs.begin(), inputs.end(), is_taken); ++k) own = fmt::format("{}_{}", name, k);
  return own;
}

std::string onnx_encode(OnnxGraph& graph, const TrainedModel& trained) {
  const std::vector<OnnxInput> inputs = onnx_inputs(trained);
  for (const OnnxInput& input : inputs) graph.input(input.name, input.type, input.shape);
  if (!trained.encoding.columns.empty()) return TableEncodingWriter(graph, trained, inputs).encoded();
  const Normalization& n = trained.encoding.normalization;
  const std::int64_t features = trained.features();
  std::string v = trained.data.shape.size() == 1 ? inputs.front().name : graph.reshape(inputs.front().name, {features});
  if (!n.mean.empty()) {
    if (inputs.front().type == OnnxType::float32) v = graph.cast(v, OnnxType::float64);
    v = graph.node("Sub", {v, graph.constant("mean", {1, features}, n.mean)});
    v = graph.node("Mul", {v, graph.constant("scale", {1, features}, n.scale())});
    v = graph.cast(v, OnnxType::float32);
  }
  return v;
}

}  // namespace shoal
