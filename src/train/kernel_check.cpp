#include <utility>

#include "shoal/comm/alike.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/hash.hpp"
#include "shoal/core/random.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/tensor/buffer.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/train/training.hpp"

namespace shoal {
namespace {

/// Of a forward and backward pass of 32 made-up samples in one leaf.
std::string hash_of_leaf(const Model& model) {
  constexpr std::int64_t samples = 32;
  const Graph& graph = model.graph();
  LocalTreeSum sums;
  Executor<float> executor(graph, samples, sums);
  Buffer<float> parameters(graph.parameter_size());
  Buffer<float> gradient(graph.parameter_size());
  std::vector<double> states(static_cast<std::size_t>(graph.state_size()));
  graph.initialize(1, parameters.span());
  graph.initialize_states(states);
  executor.bind(parameters.data(), states);
  const RandomSource source(1, Purpose::initialise, 1);
  std::vector<std::int64_t> ids;
  const Panels<float> x = executor.input(model.input());
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t c = 0; c < x.columns; ++c)
      x.at(r, c) = static_cast<float>(source.normal(static_cast<std::uint64_t>(r), static_cast<std::uint64_t>(c)));
  }
  for (std::int64_t s = 0; s < samples; ++s) {
    ids.push_back(s);
    executor.input(model.targets()).at(s, 0) = static_cast<float>(s % 5);
  }
  const LeafShare share(LeafCut{samples, samples});
  executor.forward({&share, share.range(), true, 1, 1, ids}, model.loss());
  Hash hash;
  hash.add(std::as_bytes(executor.leaf_statistics()));
  float* partial = gradient.data();
  executor.backward(std::span<float* const>(&partial, 1));
  return hash.add(std::as_bytes(std::as_const(gradient).span())).hex();
}

std::string hash_of_rows() {
  std::vector<LayerSpec> layers;
  for (const char* activation : {"relu", "tanh", "sigmoid", "gelu", "leaky_relu"}) {
    layers.push_back({"dense", {{"units", std::int64_t{33}}, {"init", std::string("normal")}}});
    layers.push_back({"batch_norm", {}});
    layers.push_back({activation, {}});
    layers.push_back({"dropout", {{"rate", 0.25}}});
  }
  return hash_of_leaf(Model(40, layers, 5, Loss::softmax));
}

std::string hash_of_images() {
  const auto conv = [](std::int64_t channels, std::int64_t kernel, std::int64_t stride, std::int64_t groups) {
    return LayerSpec{"conv", {{"channels", channels}, {"kernel", kernel}, {"stride", stride}, {"groups", groups}}};
  };
  const std::vector<LayerSpec> layers = {conv(12, 3, 1, 1),
                                         {"batch_norm"},
                                         {"silu"},
                                         conv(40, 5, 2, 4),
                                         {"group_norm", {{"groups", std::int64_t{5}}}},
                                         {"max_pool", {{"size", std::int64_t{2}}}},
                                         conv(40, 3, 1, 40),
                                         {"layer_norm"},
                                         {"average_pool", {{"size", std::int64_t{2}}, {"stride", std::int64_t{1}}}},
                                         {"global_average_pool"}};
  return hash_of_leaf(Model(image_shape(3, 9, 8), layers, 5, Loss::softmax));
}

std::string image_kernel_hash() {
  static const std::string hash = hash_of_images();
  return hash;
}

}  // namespace

std::string kernel_hash() {
  static const std::string hash = hash_of_rows();
  return hash;
}

std::string kernel_hash(const Model& model) {
  return model.input().shape().rows > 1 ? image_kernel_hash() : kernel_hash();
}

void check_kernels(const Communicator& comm) {
  if (comm.size() == 1) return;
  require_alike(comm, "what the processors compute", "hash " + kernel_hash() + ", of images " + image_kernel_hash(),
                ExitStatus::internal, "train on hosts of one kind, or report this");
}

}  // namespace shoal
