#include "shoal/config/model_layers.hpp"

#include "shoal/nn/model.hpp"
#include "shoal/nn/presets.hpp"

namespace shoal {

bool is_known_network(const ModelConfig& config) { return config.preset != "none" && config.preset != "mlp"; }

void take_no_hidden_layers_at_their_word(ModelConfig& config) {
  if (config.preset == "mlp" && config.hidden.empty() && config.depth == 0) config.preset = "none";
}

std::vector<LayerSpec> layers_of(const ModelConfig& config) {
  if (!config.layers.empty()) return config.layers;
  if (is_known_network(config)) return preset_layers({config.preset, config.channels, config.blocks, config.dropout});
  MlpOptions options;
  options.hidden = config.depth > 0 ? std::vector<std::int64_t>(static_cast<std::size_t>(config.depth), config.width)
                                    : config.hidden;
  if (options.hidden.empty() && config.preset == "mlp") options.hidden = {256, 128};
  options.activation = config.activation;
  options.batch_norm = config.batch_norm.enabled;
  options.batch_norm_after_activation = config.batch_norm.position == "after_activation";
  options.batch_norm_epsilon = config.batch_norm.epsilon;
  options.batch_norm_momentum = config.batch_norm.momentum;
  options.dropout = config.dropout;
  options.init = config.init;
  return mlp_layers(options);
}

}  // namespace shoal
