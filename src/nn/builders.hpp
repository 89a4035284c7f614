#pragma once

#include <cstdint>
#include <vector>

#include "shoal/nn/layer_context.hpp"
#include "shoal/nn/pooling.hpp"

/// Builders of the layers that are built in; what each takes, see nn/layers.hpp.
namespace shoal {

Value build_average_pool(LayerContext& context, Value x);
Value build_batch_norm(LayerContext& context, Value x);
Value build_concat(LayerContext& context, Value x);
Value build_conv(LayerContext& context, Value x);
Value build_dense(LayerContext& context, Value x);
Value build_dropout(LayerContext& context, Value x);
Value build_embedding(LayerContext& context, Value x);
Value build_flatten(LayerContext& context, Value x);
Value build_global_average_pool(LayerContext& context, Value x);
Value build_group_norm(LayerContext& context, Value x);
Value build_layer_norm(LayerContext& context, Value x);
Value build_max_pool(LayerContext& context, Value x);
Value build_residual(LayerContext& context, Value x);

/// How the weights of the layer that `context` is at start, by its setting "init".
Initializer initializer_of(const LayerContext& context);
/// Whether it has a bias: not before batch norm, which subtracts the mean and any bias with it.
bool has_bias(const LayerContext& context);

/// {size = 2, stride = size, padding = 0}
PoolWindow pool_window_of(const LayerContext& context);

}  // namespace shoal
