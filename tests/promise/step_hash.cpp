// Trains small networks with every kernel, dense, of images and with embeddings, for a few steps and prints a hash of
// their parameters and statistics: the same on every processor with IEEE arithmetic and fused multiply-add. Needs
// nothing but the numerical layers.
#include <algorithm>
#include <functional>
#include <iostream>
#include <utility>

#include "shoal/core/hash.hpp"
#include "shoal/core/random.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/nn/model.hpp"
#include "shoal/optim/optimizer.hpp"

namespace {

using namespace shoal;

constexpr std::int64_t outputs = 10;
constexpr std::int64_t steps = 8;

LayerSpec layer(const std::string& type, const Settings& settings = {}) { return {type, settings}; }

LayerSpec convolution(std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1, std::int64_t groups = 1) {
  return layer("conv", {{"channels", channels}, {"kernel", kernel}, {"stride", stride}, {"groups", groups}});
}

std::vector<LayerSpec> dense_layers() {
  std::vector<LayerSpec> layers;
  for (const char* activation : {"relu", "tanh", "sigmoid", "gelu", "leaky_relu", "silu", "identity"}) {
    layers.push_back(layer("dense", {{"units", std::int64_t{45}}, {"bias", true}}));
    layers.push_back(layer("batch_norm"));
    layers.push_back(layer(activation));
    layers.push_back(layer("dropout", {{"rate", 0.2}}));
  }
  return layers;
}

std::vector<LayerSpec> image_layers() {
  LayerSpec block = layer("residual");
  block.layers = {convolution(40, 3, 2), layer("batch_norm"), layer("relu"), convolution(40, 3, 1, 2),
                  layer("batch_norm")};
  LayerSpec branches = layer("concat");
  branches.branches = {{convolution(8, 5), layer("layer_norm")}, {}, {convolution(40, 3, 1, 40), layer("silu")}};
  return {convolution(16, 3),
          layer("batch_norm"),
          layer("relu"),
          block,
          layer("relu"),
          branches,
          layer("max_pool"),
          convolution(24, 1),
          layer("group_norm", {{"groups", std::int64_t{4}}}),
          layer("gelu"),
          layer("average_pool"),
          layer("flatten"),
          layer("dropout", {{"rate", 0.2}})};
}

std::vector<LayerSpec> table_layers() {
  return {embedding_layer({{.rows = 50, .width = 7}, {.rows = 3, .width = 2}}),
          layer("dense", {{"units", std::int64_t{33}}}), layer("layer_norm"), layer("tanh")};
}

/// What a sample has at (r, c) of the model's input.
using Input = std::function<float(std::int64_t r, std::int64_t c)>;

float normal_at(std::int64_t r, std::int64_t c) {
  return static_cast<float>(
      RandomSource(1, Purpose::initialise, 1).normal(static_cast<std::uint64_t>(r), static_cast<std::uint64_t>(c)));
}

void train(const Model& model, std::int64_t batch, const Input& input, Hash& hash) {
  const LeafShare share(LeafCut{batch, samples_per_leaf(batch, 4)});
  LocalTreeSum sums;
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
  const Panels<float> x = executor.input(model.input());
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t c = 0; c < x.columns; ++c) x.at(r, c) = input(r, c);
  }
  std::vector<std::int64_t> ids;
  const Panels<float> targets = executor.input(model.targets());
  for (std::int64_t r = 0; r < batch; ++r) {
    ids.push_back(r);
    if (model.loss_kind() == Loss::softmax) {
      targets.at(r, 0) = static_cast<float>(r % outputs);
    } else {
      targets.at(r, r % outputs) = 1.0F;
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
        scalars.trust =
            optimizer.trust_ratio(scalars.settings, optimizer.norms(scalars, parameters.span(), gradient.span(), used));
      optimizer.update(scalars, parameters.span(), gradient.span(), used);
    }
    hash.add(std::as_bytes(std::as_const(parameters).span())).add(std::as_bytes(std::span<const double>(states)));
  }
}

}  // namespace

int main() {
  Hash hash;
  for (const Loss loss : {Loss::softmax, Loss::sigmoid, Loss::mse})
    train(Model(70, dense_layers(), outputs, loss), 150, normal_at, hash);
  train(Model(image_shape(3, 13, 11), image_layers(), outputs, Loss::softmax), 50, normal_at, hash);
  constexpr std::int64_t numbers = 5;  // before the codes of two tables
  train(
      Model(numbers + 2, table_layers(), outputs, Loss::softmax), 150,
      [](std::int64_t r, std::int64_t c) {
        return c < numbers ? normal_at(r, c) : static_cast<float>(c == numbers ? r % 50 : r % 3);
      },
      hash);
  std::cout << hash.hex() << '\n';
  return 0;
}
