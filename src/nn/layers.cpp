#include "shoal/nn/layers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

Initializer initializer_of(const LayerContext& context) {
  const std::string name = context.text("init", "auto");
  if (name != "auto") return initializer_by_name(name);
  std::size_t behind = 1;
  while (context.type_behind(behind) == "batch_norm" || context.type_behind(behind) == "dropout") ++behind;
  const std::string type = context.type_behind(behind);
  return type == "relu" || type == "leaky_relu" ? he() : xavier();
}

Value build_dense(LayerContext& context, Value x) {
  context.check_keys({"units", "init", "bias"});
  const std::int64_t units = context.whole_number("units");
  const std::string name = context.next_name("dense");
  const Value weight =
      context.graph().variable(name + "/weight", {x.shape().columns, units}, initializer_of(context), true);
  // Batch norm subtracts the mean, and any bias with it.
  if (context.type_behind(1) == "batch_norm" || !context.flag("bias", true)) return dense(x, weight);
  return dense(x, weight, context.graph().variable(name + "/bias", {units}, zeros()));
}

Value build_batch_norm(LayerContext& context, Value x) {
  context.check_keys({"epsilon", "momentum"});
  const std::string name = context.next_name("batch_norm");
  const Value gamma = context.graph().variable(name + "/gamma", {x.shape().columns}, constant(1.0));
  const Value beta = context.graph().variable(name + "/beta", {x.shape().columns}, zeros());
  return batch_norm(x, gamma, beta, context.number("epsilon", 1e-5, 1e-30, 1.0),
                    context.number("momentum", 0.1, 0.0, 1.0), name);
}

Value build_dropout(LayerContext& context, Value x) {
  context.check_keys({"rate"});
  return dropout(x, context.number("rate", 0.5, 0.0, 0.999999), context.next_lane());
}

/// Beside each other, by as few steps as there can be: an operation takes so many values at most.
Value join_all(std::vector<Value> values, std::vector<std::int64_t> columns) {
  constexpr std::size_t most = RowBlock<float>::most_inputs;
  while (values.size() > 1) {
    std::vector<Value> joined;
    std::vector<std::int64_t> joined_columns;
    for (std::size_t first = 0; first < values.size(); first += most) {
      const auto begin = static_cast<std::ptrdiff_t>(first);
      const auto end = static_cast<std::ptrdiff_t>(std::min(first + most, values.size()));
      joined.push_back(end - begin == 1 ? values[first]
                                        : join({values.begin() + begin, values.begin() + end},
                                               {columns.begin() + begin, columns.begin() + end}));
      joined_columns.push_back(joined.back().shape().columns);
    }
    values = std::move(joined);
    columns = std::move(joined_columns);
  }
  return values.front();
}

Value build_embedding(LayerContext& context, Value x) {
  context.check_keys({"tables"});
  const std::vector<EmbeddingShape> tables = embedding_tables(context.layer());
  const std::int64_t numbers = x.shape().columns - std::ssize(tables);
  if (numbers < 0)
    throw Error(ExitStatus::usage,
                fmt::format("model.layers: embedding has {} tables for {} columns", tables.size(), x.shape().columns));
  const std::string name = context.next_name("embedding");
  std::vector<Value> values;
  std::vector<std::int64_t> columns;
  if (numbers > 0) {
    values.push_back(x);
    columns.push_back(numbers);
  }
  for (std::size_t k = 0; k < tables.size(); ++k) {
    const Value table = context.graph().variable(fmt::format("{}/table_{}", name, k), {tables[k].rows, tables[k].width},
                                                 normal(), true);
    values.push_back(embedding(x, numbers + static_cast<std::int64_t>(k), table));
    columns.push_back(tables[k].width);
  }
  return join_all(std::move(values), std::move(columns));
}

Value build_activation(LayerContext& context, Value x) {
  if (context.layer().type == "leaky_relu") {
    context.check_keys({"slope"});
    return leaky_relu(x, context.number("slope", 0.01, -1e6, 1e6));
  }
  context.check_keys({});
  return activation(context.layer().type, x);
}

std::map<std::string, LayerBuilder>& registry() {
  static std::map<std::string, LayerBuilder> builders = [] {
    std::map<std::string, LayerBuilder> made = {{"dense", build_dense},
                                                {"batch_norm", build_batch_norm},
                                                {"dropout", build_dropout},
                                                {"embedding", build_embedding}};
    for (const std::string& type : activation_names()) made[type] = build_activation;
    return made;
  }();
  return builders;
}

}  // namespace

std::string LayerContext::next_name(const std::string& type) { return fmt::format("{:02}_{}", ++number_, type); }

double LayerContext::number(const std::string& key, double fallback, double least, double most) const {
  const auto found = layer().settings.find(key);
  if (found == layer().settings.end()) return fallback;
  double value = 0.0;
  if (const auto* real = std::get_if<double>(&found->second)) {
    value = *real;
  } else if (const auto* whole = std::get_if<std::int64_t>(&found->second)) {
    value = static_cast<double>(*whole);
  } else {
    throw Error(ExitStatus::usage, fmt::format("model.layers: {} of {} must be a number", key, layer().type));
  }
  if (!(value >= least && value <= most))
    throw Error(ExitStatus::usage, fmt::format("model.layers: {} of {} is {}; it must lie in [{}, {}]", key,
                                               layer().type, value, least, most));
  return value;
}

std::int64_t LayerContext::whole_number(const std::string& key) const {
  const auto found = layer().settings.find(key);
  if (found == layer().settings.end())
    throw Error(ExitStatus::usage, fmt::format("model.layers: {} needs {}, for example {{type = \"{}\", {} = 64}}",
                                               layer().type, key, layer().type, key));
  const auto* whole = std::get_if<std::int64_t>(&found->second);
  if (whole == nullptr || *whole < 1)
    throw Error(ExitStatus::usage,
                fmt::format("model.layers: {} of {} must be a whole number, 1 or more", key, layer().type));
  return *whole;
}

std::string LayerContext::text(const std::string& key, const std::string& fallback) const {
  const auto found = layer().settings.find(key);
  if (found == layer().settings.end()) return fallback;
  const auto* text = std::get_if<std::string>(&found->second);
  if (text == nullptr)
    throw Error(ExitStatus::usage, fmt::format("model.layers: {} of {} must be a text", key, layer().type));
  return *text;
}

bool LayerContext::flag(const std::string& key, bool fallback) const {
  const auto found = layer().settings.find(key);
  if (found == layer().settings.end()) return fallback;
  const auto* value = std::get_if<bool>(&found->second);
  if (value == nullptr)
    throw Error(ExitStatus::usage, fmt::format("model.layers: {} of {} must be true or false", key, layer().type));
  return *value;
}

void LayerContext::check_keys(const std::vector<std::string>& known) const {
  for (const auto& [key, value] : layer().settings) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    throw Error(ExitStatus::usage, fmt::format("model.layers: {} has no setting \"{}\"{}", layer().type, key,
                                               known.empty() ? "; it has none" : "; " + meant_or_all(key, known)));
  }
}

LayerSpec embedding_layer(const std::vector<EmbeddingShape>& tables) {
  std::string text;
  for (const EmbeddingShape& table : tables)
    text += fmt::format("{}{}x{}", text.empty() ? "" : ",", table.rows, table.width);
  return {"embedding", {{"tables", text}}};
}

std::vector<EmbeddingShape> embedding_tables(const LayerSpec& layer) {
  constexpr std::int64_t most_rows = (std::int64_t{1} << 24) + 1;  // their numbers are exact as floats
  constexpr std::int64_t most_width = 4096;
  const auto found = layer.settings.find("tables");
  const auto* text = found == layer.settings.end() ? nullptr : std::get_if<std::string>(&found->second);
  std::vector<EmbeddingShape> tables;
  const char* at = text == nullptr ? nullptr : text->data();
  const char* end = text == nullptr ? nullptr : at + text->size();
  while (at != end || tables.empty()) {
    EmbeddingShape table;
    const auto rows = std::from_chars(at, end, table.rows);
    const bool has_width = rows.ec == std::errc() && rows.ptr != end && *rows.ptr == 'x';
    const auto width = has_width ? std::from_chars(rows.ptr + 1, end, table.width) : rows;
    const bool sound = has_width && width.ec == std::errc() && table.rows >= 1 && table.rows <= most_rows &&
                       table.width >= 1 && table.width <= most_width;
    const bool goes_on = sound && width.ptr != end && *width.ptr == ',' && width.ptr + 1 != end;
    if (!sound || (width.ptr != end && !goes_on))
      throw Error(ExitStatus::usage,
                  fmt::format("model.layers: tables of embedding is \"{}\"; it must be rows x width of each, such as "
                              "\"1001x50,34x12\", with at most {} rows and {} numbers a row",
                              text == nullptr ? "" : *text, most_rows, most_width));
    tables.push_back(table);
    at = goes_on ? width.ptr + 1 : end;
  }
  return tables;
}

void register_layer(const std::string& type, LayerBuilder builder) { registry()[type] = std::move(builder); }

Value build_layers(Graph& graph, const std::vector<LayerSpec>& layers, Value input) {
  LayerContext context(graph, layers);
  Value value = input;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    context.go_to(i);
    const auto found = registry().find(layers[i].type);
    if (found == registry().end()) {
      std::vector<std::string> known;
      for (const auto& [type, builder] : registry()) known.push_back(type);
      throw Error(ExitStatus::usage, fmt::format("model.layers: unknown layer \"{}\"; {}", layers[i].type,
                                                 meant_or_all(layers[i].type, known)));
    }
    value = found->second(context, value);
  }
  return value;
}

}  // namespace shoal
