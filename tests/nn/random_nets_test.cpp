#include <gtest/gtest.h>

#include <random>

#include "../gradient_check.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/nn/layers.hpp"

namespace shoal {
namespace {

/// Layers of images, drawn: small images of few and of many channels, whatever kernels and strides fit them.
class RandomLayers {
 public:
  explicit RandomLayers(unsigned seed) : generator_(seed) {}

  std::int64_t one_of(std::initializer_list<std::int64_t> values) {
    return values.begin()[generator_() % values.size()];
  }

  LayerSpec layer() {
    switch (generator_() % 12) {
      case 0: return {"max_pool", pool()};
      case 1: return {"average_pool", pool()};
      case 2: return {"batch_norm", {{"epsilon", 0.1}}};
      case 3: return {"layer_norm", {{"epsilon", 0.1}}};
      case 4: return {"group_norm", {{"groups", one_of({1, 2, 3, 33})}, {"epsilon", 0.1}}};
      case 5: return {"tanh"};
      case 6: return {.type = "residual", .layers = {conv(), {"tanh"}}};
      case 7: return {.type = "concat", .branches = {{conv()}, {conv(), {"silu"}}}};
      case 8: return {one_of({0, 1}) == 0 ? "global_average_pool" : "flatten"};
      default: return conv();
    }
  }

 private:
  LayerSpec conv() {
    return {"conv",
            {{"channels", one_of({2, 6, 33, 40, 66})},
             {"kernel", std::to_string(one_of({1, 2, 3, 4})) + "x" + std::to_string(one_of({1, 2, 3, 5}))},
             {"stride", one_of({1, 1, 2, 3, 4})},
             {"groups", one_of({1, 1, 1, 2, 3, 33, 66})},
             {"padding", std::string(one_of({0, 0, 1}) == 0 ? "same" : "valid")}}};
  }
  std::map<std::string, Setting> pool() {
    return {{"size", one_of({1, 2, 3})}, {"stride", one_of({1, 2, 3})}, {"padding", one_of({0, 0, 1})}};
  }

  std::mt19937 generator_;
};

/// Each layer that fits behind those before it.
std::vector<LayerSpec> net_of(RandomLayers& random, const ValueShape& image) {
  std::vector<LayerSpec> layers{{"conv", {{"channels", random.one_of({3, 33, 66})}, {"kernel", std::int64_t{1}}}}};
  for (int tries = 0; tries < 12 && layers.size() < 6; ++tries) {
    std::vector<LayerSpec> longer = layers;
    longer.push_back(random.layer());
    try {
      Graph graph;
      build_layers(graph, longer, graph.input("x", image));
      layers = std::move(longer);
    } catch (const Error&) {  // one that does not fit
    }
  }
  layers.push_back({"batch_norm", {{"epsilon", 0.1}}});  // so that no value is large
  layers.push_back({"tanh"});
  return layers;
}

TEST(RandomNets, HaveTheirDerivatives) {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    RandomLayers random(seed);
    const ValueShape image =
        image_shape(random.one_of({1, 3, 35}), random.one_of({1, 2, 3, 5}), random.one_of({1, 2, 4, 7}));
    const std::vector<LayerSpec> layers = net_of(random, image);
    std::string names = "seed " + std::to_string(seed) + ":";
    for (const LayerSpec& layer : layers) names += " " + layer.type;
    SCOPED_TRACE(names);
    Graph graph;
    const Value x = graph.input("x", image);
    GradientCheck check(graph, sum(square(build_layers(graph, layers, x))), 3, 2);
    check.fill_normal(x, 0.1, seed);
    check.expect_derivatives(2e-5, 1e-5, 1, 4);
  }
}

}  // namespace
}  // namespace shoal
