#include "shoal/nn/layers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>
#include <utility>

#include "nn/builders.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/keys_of.hpp"
#include "shoal/core/meant_word.hpp"
#include "shoal/graph/expressions.hpp"

namespace shoal {
namespace {

Value build_activation(LayerContext& context, Value x) {
  if (context.layer().type == "leaky_relu") {
    context.check_keys({"slope"});
    return leaky_relu(x, context.number("slope", 0.01, -1e6, 1e6));
  }
  context.check_keys({});
  return activation(context.layer().type, x);
}

std::map<std::string, LayerBuilder> built_in() {
  std::map<std::string, LayerBuilder> made = {{"average_pool", build_average_pool},
                                              {"batch_norm", build_batch_norm},
                                              {"concat", build_concat},
                                              {"conv", build_conv},
                                              {"dense", build_dense},
                                              {"dropout", build_dropout},
                                              {"embedding", build_embedding},
                                              {"flatten", build_flatten},
                                              {"global_average_pool", build_global_average_pool},
                                              {"group_norm", build_group_norm},
                                              {"layer_norm", build_layer_norm},
                                              {"max_pool", build_max_pool},
                                              {"residual", build_residual}};
  for (const std::string& type : activation_names()) made[type] = build_activation;
  return made;
}

std::map<std::string, LayerBuilder>& registry() {
  static std::map<std::string, LayerBuilder> builders = built_in();
  return builders;
}

}  // namespace

namespace {

/// Whether it must be (height, width, channels), as NumPy, Pillow and Keras have images, rather than that many channels
/// of so narrow images.
bool has_channels_last(std::span<const std::int64_t> shape) {
  const std::int64_t last = shape[2];
  return shape[0] > 4 && (last == 3 || last == 4 || (last < 3 && shape[0] == shape[1]));
}

}  // namespace

void register_layer(const std::string& type, LayerBuilder builder) {
  if (!registry().emplace(type, std::move(builder)).second)
    throw Error(ExitStatus::usage, "layer \"" + type + "\" is registered already; use another name");
}

std::vector<std::string> built_in_layers() { return keys_of(built_in()); }

bool takes_images(const std::vector<LayerSpec>& layers) {
  static const std::set<std::string> types = {"conv", "max_pool", "average_pool", "global_average_pool", "flatten"};
  bool found = false;
  for_each_layer(layers, [&](const LayerPlace& place) { found = found || types.contains(place.layer().type); });
  return found;
}

ValueShape input_shape(const std::vector<LayerSpec>& layers, std::int64_t inputs, std::span<const std::int64_t> shape) {
  if (!takes_images(layers)) return {true, 1, inputs};
  if (shape.size() == 3 && has_channels_last(shape))
    throw Error(ExitStatus::bad_data,
                fmt::format("model.layers take images as (channels, height, width), and a sample of the data has the "
                            "shape ({}), which looks like (height, width, channels); turn the array round, in NumPy by "
                            "x.transpose(0, 3, 1, 2), and import it again",
                            fmt::join(shape, ", ")));
  if (shape.size() == 3) return image_shape(shape[0], shape[1], shape[2]);
  if (shape.size() == 2) return image_shape(1, shape[0], shape[1]);
  throw Error(ExitStatus::usage, fmt::format("model.layers take images, and a sample of the data has the shape ({}); "
                                             "import them as (channels, height, width), or with --shape",
                                             fmt::join(shape, ", ")));
}

Value build_layer(LayerContext& context, Value input) {
  const std::string& type = context.layer().type;
  const auto found = registry().find(type);
  if (found == registry().end())
    throw Error(ExitStatus::usage,
                fmt::format("unknown layer \"{}\"; {}", type, meant_or_all(type, keys_of(registry()))));
  return found->second(context, input);
}

Value build_layers(Graph& graph, const std::vector<LayerSpec>& layers, Value input, ListedLayers listed) {
  return LayerContext(graph, listed).build(LayerPlace().list_name, layers, input);
}

}  // namespace shoal
