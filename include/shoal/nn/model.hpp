#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shoal/graph/graph.hpp"
#include "shoal/nn/layer_spec.hpp"
#include "shoal/nn/layer_summary.hpp"
#include "shoal/nn/losses.hpp"

namespace shoal {

/// A network: layers between rows of features and outputs, and a loss. Cheap to copy; copies share the graph.
class Model {
 public:
  /// @param inputs   features of a sample
  /// @param outputs  logits of a sample: classes, or outputs of a regression, for quantile one a target and level
  /// Layers as in nn/layers.hpp, without the last dense layer, which follows from `outputs`.
  /// @param output_init  how that last layer starts; "auto": normal with deviation 0.01 where it predicts numbers, else
  ///                     as dense layers do
  /// @param unlisted     of how many layers at the beginning messages say that nobody listed them
  /// @throws Error (usage)  for layers that cannot be built, whose outputs for a sample depend on a sum over samples
  ///                        (running statistics as of batch_norm aside), or which make inputs or placeholders, for
  ///                        nobody feeds those
  Model(std::int64_t inputs, std::vector<LayerSpec> layers, std::int64_t outputs, const Loss& loss,
        const std::string& output_init = "auto", std::size_t unlisted = 0);

  /// The same of images, see input_shape().
  Model(const ValueShape& input, std::vector<LayerSpec> layers, std::int64_t outputs, const Loss& loss,
        const std::string& output_init = "auto", std::size_t unlisted = 0);

  /// The same model behind other layers: of `inputs` features, of which they make what the first of its own takes.
  Model behind(std::vector<LayerSpec> front, std::int64_t inputs) const;

  const Graph& graph() const { return *graph_; }
  Value input() const { return input_; }
  Value targets() const { return targets_; }
  Value logits() const { return logits_; }
  Value loss() const { return loss_value_; }
  const Loss& loss_kind() const { return loss_; }
  /// Numbers of a sample: features, or channels x height x width.
  std::int64_t inputs() const { return input_.shape().rows * input_.shape().columns; }
  std::int64_t outputs() const { return logits_.shape().columns; }
  /// Numbers that a sample's targets are.
  std::int64_t target_columns() const { return targets_.shape().columns; }
  const std::vector<LayerSpec>& layers() const { return layers_; }
  /// Of all layers, nested ones and the last too, in the order of their descriptions.
  const std::vector<LayerSummary>& summaries() const { return summaries_; }
  /// Trained numbers, without padding.
  std::int64_t parameter_count() const;
  /// Nodes of the graph that keep running statistics, in forward order.
  std::vector<std::size_t> nodes_with_state() const;

 private:
  std::shared_ptr<Graph> graph_;
  std::vector<LayerSpec> layers_;
  std::vector<LayerSummary> summaries_;
  Loss loss_;
  std::string output_init_;
  Value input_, targets_, logits_, loss_value_;
};

struct MlpOptions {
  std::int64_t inputs = 0;
  std::vector<std::int64_t> hidden = {};
  std::int64_t classes = 0;
  std::string activation = "relu";
  bool batch_norm = false;
  bool batch_norm_after_activation = false;
  double batch_norm_epsilon = 1e-5;
  double batch_norm_momentum = 0.1;
  double dropout = 0.0;
  std::string init = "auto";
  Loss loss = Loss::softmax;
};

/// Hidden layers of a multi-layer perceptron: dense, batch norm, activation, dropout for each.
std::vector<LayerSpec> mlp_layers(const MlpOptions& options);
Model mlp(const MlpOptions& options);

}  // namespace shoal
