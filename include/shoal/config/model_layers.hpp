#pragma once

#include <vector>

#include "shoal/config/config.hpp"

namespace shoal {

/// The layers that [model] describes in any of its ways, without the last one, which follows from the data.
std::vector<LayerSpec> layers_of(const ModelConfig& config);

/// Whether model.preset names a network that says all of its layers: any but "none" and "mlp".
bool is_known_network(const ModelConfig& config);

/// After `hidden` or `depth` was said in so many words, also by a sweep: where that is none, "mlp" does not stand for
/// its [256, 128], and the preset becomes "none".
void take_no_hidden_layers_at_their_word(ModelConfig& config);

}  // namespace shoal
