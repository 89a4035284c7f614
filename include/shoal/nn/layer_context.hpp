#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "shoal/graph/graph.hpp"
#include "shoal/nn/layer_place.hpp"
#include "shoal/nn/layer_summary.hpp"

namespace shoal {

/// Which layers of a model somebody listed; before them stand embeddings of its data, behind them its last layer.
struct ListedLayers {
  std::size_t first = 0;
  std::size_t last = std::numeric_limits<std::size_t>::max();
};

/// What a layer is built into. Layers with parameters are numbered in forward order, nested ones too, and named
/// 01_dense, 02_batch_norm, ... where they have no name of their own.
class LayerContext {
 public:
  explicit LayerContext(Graph& graph, ListedLayers listed = {}) : graph_(&graph), listed_(listed) {}

  Graph& graph() const { return *graph_; }
  /// The layer's own name, or the next number: "03_dense".
  std::string next_name(const std::string& type);
  /// A number of its own for each layer that draws random numbers.
  std::uint32_t next_lane() { return lane_++; }

  /// The layer being built, and the type of the i-th one behind it ("" past the end), see LayerPlace::next().
  const LayerSpec& layer() const { return place_->layer(); }
  std::string type_behind(std::size_t i) const;
  /// Builds layers in order.
  /// @param list_name  what messages call their list, see LayerPlace
  /// @throws Error  with the place of the layer in front: a type that is unknown, with those there are; a name that
  ///                cannot be, or is that of another layer; what their builders throw
  Value build(const std::string& list_name, const std::vector<LayerSpec>& layers, Value input);

  /// All layers built, in the order of their descriptions; behind one that holds layers stand those.
  const std::vector<LayerSummary>& summaries() const { return summaries_; }

  // Settings of the layer being built. @throws Error (usage) naming layer, key and value.
  double number(const std::string& key, double fallback, double least, double most) const;
  /// At least 1, must be there.
  std::int64_t whole_number(const std::string& key, std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
  std::int64_t whole_number(const std::string& key, std::int64_t fallback, std::int64_t least,
                            std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
  std::string text(const std::string& key, const std::string& fallback) const;
  bool flag(const std::string& key, bool fallback) const;
  /// Refuses a layer without one of `keys`, which have no default. @param example  of them all: "channels = 16, kernel
  /// = 3"
  void check_given(const std::vector<std::string>& keys, const std::string& example) const;
  /// Refuses keys that are not among `known`, which has "layers", "shortcut", "branches" where it takes such lists.
  void check_keys(const std::vector<std::string>& known) const;

 private:
  Value build_one(std::size_t depth, Value input);
  void take_name();
  std::string place() const;

  Graph* graph_;
  ListedLayers listed_;
  const LayerPlace* place_ = nullptr;
  int number_ = 0;
  std::uint32_t lane_ = 0;
  std::set<std::string> names_;  // taken
  std::string made_name_;        // by the layer being built
  std::vector<LayerSummary> summaries_;
  std::size_t summed_ = 0;  // nodes of the graph that are in them
};

}  // namespace shoal
