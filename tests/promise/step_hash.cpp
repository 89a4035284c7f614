// Trains a small network with every kernel for a few steps and prints a hash of its parameters and statistics: the same
// on every processor with IEEE arithmetic and fused multiply-add. Needs nothing but the numerical layers.
#include <algorithm>
#include <iostream>
#include <utility>

#include "shoal/core/hash.hpp"
#include "shoal/core/random.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/nn/model.hpp"
#include "shoal/optim/optimizer.hpp"

int main() {
  using namespace shoal;
  constexpr std::int64_t batch = 150;
  constexpr std::int64_t steps = 8;
  std::vector<LayerSpec> layers;
  for (const char* activation : {"relu", "tanh", "sigmoid", "gelu", "leaky_relu", "identity"}) {
    layers.push_back({"dense", {{"units", std::int64_t{45}}, {"bias", true}}});
    layers.push_back({"batch_norm", {}});
    layers.push_back({activation, {}});
    layers.push_back({"dropout", {{"rate", 0.2}}});
  }
  const LeafShare share(LeafCut{batch, samples_per_leaf(batch, 4)});
  LocalTreeSum sums;
  Hash hash;
  for (Loss loss : {Loss::softmax, Loss::sigmoid, Loss::mse}) {
    const Model model(70, layers, 10, loss);
    const Graph& graph = model.graph();
    Executor<float> executor(graph, batch, sums);
    Buffer<float> parameters(graph.parameter_size());
    Buffer<float> gradient(graph.parameter_size());
    Buffer<float> m(graph.parameter_size());
    Buffer<float> v(graph.parameter_size());
    std::vector<double> states(static_cast<std::size_t>(graph.state_size()));
    graph.initialize(1, parameters.span());
    graph.initialize_states(states);
    executor.bind(parameters.data(), states);
    const RandomSource source(1, Purpose::initialise, 1);
    std::vector<std::int64_t> ids;
    for (std::int64_t r = 0; r < batch; ++r) {
      ids.push_back(r);
      for (std::int64_t c = 0; c < model.inputs(); ++c) {
        executor.input(model.input()).at(r, c) =
            static_cast<float>(source.normal(static_cast<std::uint64_t>(r), static_cast<std::uint64_t>(c)));
      }
      const Panels<float> targets = executor.input(model.targets());
      if (loss == Loss::softmax) {
        targets.at(r, 0) = static_cast<float>(r % model.outputs());
      } else {
        targets.at(r, r % model.outputs()) = 1.0F;
      }
    }
    for (const char* name : {"adam", "adamw", "rmsprop", "momentum", "lars", "lamb"}) {
      const Optimizer optimizer(name);
      std::fill_n(m.data(), m.size(), 0.0F);
      std::fill_n(v.data(), v.size(), 0.0F);
      for (std::int64_t step = 1; step <= steps; ++step) {
        executor.forward({&share, share.range(), true, 1, static_cast<std::uint64_t>(step), ids}, model.loss());
        hash.add(std::as_bytes(executor.leaf_statistics()));
        float* const partial = gradient.data();
        executor.backward(std::span<float* const>(&partial, 1));
        UpdateScalars scalars;
        scalars.learning_rate = scalars.settings.learning_rate = 1e-3;
        scalars.step = step;
        scalars.batch = static_cast<float>(batch);
        float* const moments[] = {m.data(), v.data()};
        const auto used = std::span<float* const>(moments).first(optimizer.moments().size());
        if (optimizer.trusts())
          scalars.trust = optimizer.trust_ratio(scalars.settings,
                                                optimizer.norms(scalars, parameters.span(), gradient.span(), used));
        optimizer.update(scalars, parameters.span(), gradient.span(), used);
      }
      hash.add(std::as_bytes(std::as_const(parameters).span())).add(std::as_bytes(std::span<const double>(states)));
    }
  }
  std::cout << hash.hex() << '\n';
  return 0;
}
