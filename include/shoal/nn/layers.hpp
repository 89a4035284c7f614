#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "shoal/graph/graph.hpp"
#include "shoal/nn/layer_context.hpp"
#include "shoal/nn/layer_spec.hpp"

namespace shoal {

using LayerBuilder = std::function<Value(LayerContext&, Value)>;

/// Registers a layer under a name, for configs and checkpoints. Built in:
///   dense {units, init = "auto", bias = true}   no bias where batch_norm comes next; init "auto" is he before relu and
///                                               leaky_relu (norms, dropout and pools between do not count),
///                                               else xavier; what comes next, see LayerPlace::next()
///   batch_norm {epsilon = 1e-5, momentum = 0.1} of each column; of images of each channel, over all positions
///   conv {channels, kernel, stride = 1, padding = "same", groups = 1, init = "auto", bias = true}
///                                               of images, kernel x kernel (or of two sides, "3x5": height and width,
///                                               in a config [3, 5]); padding "same" (kernel - 1) / 2 zeros, or
///                                               "valid", none; see convolution(). init and bias as dense has them
///   dropout {rate = 0.5}
///   embedding {tables = "1001x50,34x12"}        the last columns of its input, one a table, are numbers of rows, which
///                                               it replaces by the rows (trained, normal with deviation 0.01 at
///                                               first); the columns before them stay; see embedding_layer()
///   residual {layers = [...], shortcut = "auto"}  the sum of what its layers make of its input and of the input itself
///                                               ("identity"), or of what a 1x1 convolution with the stride that makes
///                                               the shapes agree, and a batch_norm where the layers have one, make of
///                                               it ("conv"), or a list of layers; "auto": the first where shapes
///                                               agree, else the second. Source: He et al., Deep residual learning
///                                               (2015)
///   concat {branches = [[...], [...]]}          what each list makes of its input, channels beside each other; an
///                                               empty list is the input itself
///   layer_norm {epsilon = 1e-5}                 over the channels of each position
///   group_norm {groups, epsilon = 1e-5}         over the positions of a sample and groups of its channels
///   max_pool {size = 2, stride = size, padding = 0}, average_pool, the same; see nn/pooling.hpp
///   global_average_pool, flatten                to one position; see nn/pooling.hpp
///   relu, leaky_relu {slope = 0.01}, tanh, sigmoid, gelu, silu, identity
/// @throws Error (usage)  there is a layer of that name already
void register_layer(const std::string& type, LayerBuilder builder);
/// Types of layers that no program has to register.
std::vector<std::string> built_in_layers();

/// Whether samples have to be images, (C, H, W), for one of these layers or of those that they hold: a convolution, a
/// pool, flatten. Else they are rows of numbers.
bool takes_images(const std::vector<LayerSpec>& layers);
/// What layers take of samples of `inputs` numbers: an image where they take images, else one row.
/// @param shape  of a sample in the data: (channels, height, width), or (height, width) of one channel
/// @throws Error  where they take images: usage for data of another shape, bad_data for (height, width, channels)
ValueShape input_shape(const std::vector<LayerSpec>& layers, std::int64_t inputs, std::span<const std::int64_t> shape);

/// One table of an embedding layer.
struct EmbeddingShape {
  std::int64_t rows = 0;
  std::int64_t width = 0;
};
/// The layer with these tables, and those of a layer, which must be of type "embedding".
/// @throws Error(usage)  for tables that cannot be
LayerSpec embedding_layer(const std::vector<EmbeddingShape>& tables);
std::vector<EmbeddingShape> embedding_tables(const LayerSpec& layer);

/// Builds all layers in order. @throws Error (usage), see LayerContext::build().
Value build_layers(Graph& graph, const std::vector<LayerSpec>& layers, Value input, ListedLayers listed = {});

/// The one layer that `context` is at. @throws Error (usage) when its type is unknown, with those there are.
Value build_layer(LayerContext& context, Value input);

}  // namespace shoal
