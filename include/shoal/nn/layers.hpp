#pragma once

#include <functional>
#include <string>
#include <vector>

#include "shoal/graph/graph.hpp"
#include "shoal/nn/layer_spec.hpp"

namespace shoal {

/// What a layer is built into. Layers with parameters are numbered and named 01_dense, 02_batch_norm, ... in forward
/// order.
class LayerContext {
 public:
  LayerContext(Graph& graph, std::vector<LayerSpec> layers) : graph_(&graph), layers_(std::move(layers)) {}

  Graph& graph() const { return *graph_; }
  /// Takes the next number: "03_dense".
  std::string next_name(const std::string& type);
  /// A number of its own for each layer that draws random numbers.
  std::uint32_t next_lane() { return lane_++; }

  /// The layer being built, and the type of the i-th one behind it ("" past the end).
  const LayerSpec& layer() const { return layers_[at_]; }
  std::string type_behind(std::size_t i) const { return at_ + i < layers_.size() ? layers_[at_ + i].type : ""; }
  void go_to(std::size_t at) { at_ = at; }

  // Settings of the layer being built. @throws Error (usage) naming layer, key and value.
  double number(const std::string& key, double fallback, double least, double most) const;
  std::int64_t whole_number(const std::string& key) const;  ///< at least 1, must be there
  std::string text(const std::string& key, const std::string& fallback) const;
  bool flag(const std::string& key, bool fallback) const;
  /// Refuses keys that are not among `known`.
  void check_keys(const std::vector<std::string>& known) const;

 private:
  Graph* graph_;
  std::vector<LayerSpec> layers_;
  std::size_t at_ = 0;
  int number_ = 0;
  std::uint32_t lane_ = 0;
};

using LayerBuilder = std::function<Value(LayerContext&, Value)>;

/// Registers a layer under a name, for configs and checkpoints. Built in:
///   dense {units, init = "auto", bias = true}   no bias where batch_norm comes next; init "auto" is he before relu and
///                                               leaky_relu (batch_norm and dropout between do not count),
///                                               else xavier
///   batch_norm {epsilon = 1e-5, momentum = 0.1}
///   dropout {rate}
///   embedding {tables = "1001x50,34x12"}        the last columns of its input, one a table, are numbers of rows, which
///                                               it replaces by the rows (trained, normal with deviation 0.01 at
///                                               first); the columns before them stay; see embedding_layer()
///   relu, leaky_relu {slope = 0.01}, tanh, sigmoid, gelu, identity
void register_layer(const std::string& type, LayerBuilder builder);

/// One table of an embedding layer.
struct EmbeddingShape {
  std::int64_t rows = 0;
  std::int64_t width = 0;
};
/// The layer with these tables, and those of a layer, which must be of type "embedding".
/// @throws Error(usage)  for tables that cannot be
LayerSpec embedding_layer(const std::vector<EmbeddingShape>& tables);
std::vector<EmbeddingShape> embedding_tables(const LayerSpec& layer);

/// Builds all layers in order. @throws Error (usage) when a type is unknown, with those there are.
Value build_layers(Graph& graph, const std::vector<LayerSpec>& layers, Value input);

}  // namespace shoal
