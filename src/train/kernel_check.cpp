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

std::string compute_kernel_hash() {
  constexpr std::int64_t samples = 32;
  std::vector<LayerSpec> layers;
  for (const char* activation : {"relu", "tanh", "sigmoid", "gelu", "leaky_relu"}) {
    layers.push_back({"dense", {{"units", std::int64_t{33}}, {"init", std::string("normal")}}});
    layers.push_back({"batch_norm", {}});
    layers.push_back({activation, {}});
    layers.push_back({"dropout", {{"rate", 0.25}}});
  }
  const Model model(40, layers, 5, Loss::softmax);
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
  for (std::int64_t r = 0; r < samples; ++r) {
    ids.push_back(r);
    for (std::int64_t c = 0; c < model.inputs(); ++c) {
      executor.input(model.input()).at(r, c) =
          static_cast<float>(source.normal(static_cast<std::uint64_t>(r), static_cast<std::uint64_t>(c)));
    }
    executor.input(model.targets()).at(r, 0) = static_cast<float>(r % 5);
  }
  const LeafShare share(LeafCut{samples, samples});
  executor.forward({&share, share.range(), true, 1, 1, ids}, model.loss());
  Hash hash;
  hash.add(std::as_bytes(executor.leaf_statistics()));
  float* partial = gradient.data();
  executor.backward(std::span<float* const>(&partial, 1));
  return hash.add(std::as_bytes(std::as_const(gradient).span())).hex();
}

}  // namespace

std::string kernel_hash() {
  static const std::string hash = compute_kernel_hash();
  return hash;
}

void check_kernels(const Communicator& comm) {
  require_alike(comm, "what the processors compute", "hash " + kernel_hash(), ExitStatus::internal,
                "train on hosts of one kind, or report this");
}

}  // namespace shoal
