#include <fmt/format.h>

#include <algorithm>

#include "nn/builders.hpp"
#include "nn/refuse_model.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

/// The last batch norm of a branch; null where it has none.
const LayerSpec* batch_norm_of(const std::vector<LayerSpec>& layers) {
  const LayerSpec* found = nullptr;
  for_each_layer(layers, [&](const LayerPlace& place) {
    if (place.layer().type == "batch_norm") found = &place.layer();
  });
  return found;
}

/// The stride by which a 1x1 convolution makes `to` positions of `from`, on both sides; 0: there is none.
std::int64_t stride_between(const ValueShape& from, const ValueShape& to) {
  const auto made = [](std::int64_t side, std::int64_t stride) { return (side - 1) / stride + 1; };
  for (std::int64_t stride = 1; stride <= std::max(from.height(), from.width); ++stride) {
    if (made(from.height(), stride) == to.height() && made(from.width, stride) == to.width) return stride;
  }
  return 0;
}

/// The map of each position, or of each stride-th, that makes `from` as `to` is.
LayerSpec projection(const ValueShape& from, const ValueShape& to) {
  if (from.rows == 1 && to.rows == 1) return {"dense", {{"units", to.columns}}};
  const std::int64_t stride = stride_between(from, to);
  if (stride == 0)
    refuse_model(
        fmt::format("residual has no shortcut from {} to the {} of its layers: no stride makes one of the other",
                    to_string(from), to_string(to)));
  LayerSpec conv{"conv", {{"channels", to.columns}, {"kernel", std::int64_t{1}}}};
  if (stride > 1) conv.settings["stride"] = stride;
  return conv;
}

/// The layers that a shortcut stands for: none for the input itself.
std::vector<LayerSpec> shortcut_of(const LayerContext& context, const ValueShape& from, const ValueShape& to) {
  const LayerSpec& layer = context.layer();
  if (!layer.shortcut.empty()) return layer.shortcut;
  const std::vector<std::string> words = {"auto", "identity", "conv"};
  const std::string word = context.text("shortcut", "auto");
  if (std::find(words.begin(), words.end(), word) == words.end())
    refuse_model(
        fmt::format("shortcut of residual is \"{}\"; {}, or a list of layers", word, meant_or_all(word, words)));
  if (word == "identity" || (word == "auto" && from == to)) return {};
  std::vector<LayerSpec> layers{projection(from, to)};
  if (const LayerSpec* norm = batch_norm_of(layer.layers)) layers.push_back({"batch_norm", norm->settings});
  for (LayerSpec& made : layers) {
    if (!layer.name.empty()) made.name = fmt::format("{}_shortcut_{}", layer.name, made.type);
  }
  return layers;
}

}  // namespace

Value build_residual(LayerContext& context, Value x) {
  context.check_keys({"layers", "shortcut"});
  const std::vector<LayerSpec>& layers = context.layer().layers;
  if (layers.empty())
    refuse_model("residual needs layers, for example {type = \"residual\", layers = [{type = \"dense\", units = 64}]}");
  const Value branch = context.build("layers", layers, x);
  const std::vector<LayerSpec> shortcut = shortcut_of(context, x.shape(), branch.shape());
  const Value beside = context.build("shortcut", shortcut, x);
  if (beside.shape() != branch.shape())
    refuse_model(fmt::format("residual adds {} of its layers to {} of its shortcut, and can add what is alike alone",
                             to_string(branch.shape()), to_string(beside.shape())));
  return branch + beside;
}

Value build_concat(LayerContext& context, Value x) {
  context.check_keys({"branches"});
  const auto& branches = context.layer().branches;
  if (branches.empty())
    refuse_model(
        "concat needs branches, for example {type = \"concat\", branches = [[{type = \"dense\", units = 64}], []]}");
  std::vector<Value> values;
  std::vector<std::int64_t> columns;
  for (std::size_t b = 0; b < branches.size(); ++b) {
    values.push_back(context.build(fmt::format("branches[{}]", b), branches[b], x));
    columns.push_back(values.back().shape().columns);
  }
  return join(std::move(values), std::move(columns));
}

}  // namespace shoal
