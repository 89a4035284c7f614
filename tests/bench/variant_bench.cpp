// What the promise costs: a training step, as step_bench has it, with parts of it replaced by what is faster or usual.
//   mpirun -np P variant_bench STATISTICS GRADIENTS [batch] [steps] [inputs,hidden...,classes | CONFIG.toml] [leaves]
// STATISTICS  sync: batch norm over the batch of all ranks. local: over each rank's own samples, without messages.
// GRADIENTS   tree: summed in the order of the tree, updated in slices. allreduce: one leaf a thread or `leaves`,
// summed
//             by MPI_Allreduce in whatever order, and all parameters updated on every rank.
// CONFIG.toml names the layers of a net of images of 3 x 32 x 32 under [model]; its data are not read.
// No other program of shoal computes so: results depend on the number of ranks here.
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <vector>

#include "bench_numbers.hpp"
#include "shoal/comm/gradient_exchange.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/config/model_layers.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/nn/model.hpp"
#include "shoal/optim/optimizer.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"

namespace {

using namespace shoal;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t variant_chunk_floats = 1024;

/// Gradients by the tree and sliced updates, as in a Replica.
class TreeSums {
 public:
  TreeSums(const Model& model, Communicator& world, const LeafShare& share)
      : share_(share),
        plan_(model.graph().chunks(), world.size(), std::int64_t{1} << 20),
        exchange_(world, plan_, share.nodes().size()) {
    for (int m = 0; m < 2; ++m) moments_.emplace_back(model.graph().parameter_size());
    if (exchange_.fills_parameters()) model.graph().initialize(1, exchange_.parameters());
    world.barrier();
  }
  float* parameters() { return exchange_.parameters().data(); }
  void backward(Executor<float>& executor, const Graph& graph) {
    exchange_.begin(share_);
    std::vector<float*> partials;
    for (std::size_t n = 0; n < share_.nodes().size(); ++n) partials.push_back(exchange_.partial(n).data());
    executor.backward(partials, [&](std::size_t parameter) {
      if (parameter > 0) exchange_.complete_from(graph.parameters()[parameter].offset);
    });
    exchange_.complete_from(0);
  }
  void update(const Optimizer& adam, const UpdateScalars& scalars) {
    exchange_.update([&](std::int64_t chunk, std::int64_t first, const GradientSum& sum, std::span<float> w) {
      const std::int64_t begin = plan_.chunk_begin(chunk) + first;
      float* moments[2] = {moments_[0].data() + begin, moments_[1].data() + begin};
      adam.update(scalars, w, sum, moments);
    });
  }

 private:
  const LeafShare& share_;
  BucketPlan plan_;
  GradientExchange exchange_;
  std::vector<Buffer<float>> moments_;
};

/// Gradients by MPI_Allreduce, and the whole update on every rank.
class Allreduce {
 public:
  Allreduce(const Model& model, Communicator&, const LeafShare& share) {
    for (std::size_t n = 0; n < share.nodes().size() + 3; ++n) memory_.emplace_back(model.graph().parameter_size());
    model.graph().initialize(1, memory_[0].span());
  }
  float* parameters() { return memory_[0].data(); }
  void backward(Executor<float>& executor, const Graph&) {
    std::vector<float*> partials;
    for (std::size_t n = 3; n < memory_.size(); ++n) partials.push_back(memory_[n].data());
    executor.backward(partials);
    Buffer<float>& sum = memory_[3];
    for (std::size_t n = 4; n < memory_.size(); ++n)
      for (std::int64_t i = 0; i < sum.size(); ++i) sum.data()[i] += memory_[n].data()[i];
    MPI_Allreduce(MPI_IN_PLACE, sum.data(), static_cast<int>(sum.size()), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  }
  void update(const Optimizer& adam, const UpdateScalars& scalars) {
    const std::int64_t size = memory_[0].size();
    parallel_for((size + variant_chunk_floats - 1) / variant_chunk_floats, [&](std::int64_t chunk) {
      const auto begin = static_cast<std::size_t>(chunk * variant_chunk_floats);
      const auto count = std::min<std::size_t>(variant_chunk_floats, static_cast<std::size_t>(size) - begin);
      float* moments[2] = {memory_[1].data() + begin, memory_[2].data() + begin};
      adam.update(scalars, memory_[0].span().subspan(begin, count), memory_[3].span().subspan(begin, count), moments);
    });
  }

 private:
  std::vector<Buffer<float>> memory_;  // parameters, two moments, a gradient per tree node
};

template <class Gradients>
double step_ms(Communicator& world, const Model& model, bool sync, std::int64_t batch, std::int64_t leaves, int steps) {
  const LeafShare share({batch, samples_per_leaf(batch, leaves)}, leaves, world.size(), world.rank());
  const LeafShare own(LeafCut{share.samples(), share.cut().leaf_samples});
  LocalTreeSum alone;
  TreeSum& sums = sync ? static_cast<TreeSum&>(world) : alone;
  Executor<float> executor(model.graph(), share.samples(), sums);
  Gradients gradients(model, world, share);
  std::vector<double> states(static_cast<std::size_t>(model.graph().state_size()));
  model.graph().initialize_states(states);
  executor.bind(gradients.parameters(), states);
  std::vector<std::int64_t> ids;
  for (std::int64_t r = 0; r < share.samples(); ++r) {
    ids.push_back(r);
    executor.input(model.targets()).at(r, 0) = static_cast<float>(r % 10);
  }
  const Panels<float> x = executor.input(model.input());
  for (std::int64_t r = 0; r < share.samples() * model.input().shape().rows; ++r)
    for (std::int64_t c = 0; c < x.columns; ++c)
      x.at(r, c) = static_cast<float>((r * 31 + c * 17) % 101) / 50.0f - 1.0f;
  const Optimizer adam("adam");
  std::vector<double> times;
  for (int step = 1; step <= steps + 3; ++step) {
    world.barrier();
    const auto before = Clock::now();
    const LeafShare& seen = sync ? share : own;
    executor.forward({&seen, seen.range(), true, 1, static_cast<std::uint64_t>(step), ids}, model.loss());
    gradients.backward(executor, model.graph());
    UpdateScalars scalars;
    scalars.settings.learning_rate = scalars.learning_rate = 1e-4;
    scalars.step = step;
    scalars.batch = static_cast<float>(batch);
    gradients.update(adam, scalars);
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - before).count();
    if (step > 3) times.push_back(ms);
  }
  return median(times);
}

Model model_of(const std::string& network) {
  if (network.ends_with(".toml"))
    return {image_shape(3, 32, 32), layers_of(load_config(network, {}).model), 10, Loss::softmax};
  const std::vector<std::int64_t> widths = numbers(network);
  return mlp({.inputs = widths.front(),
              .hidden = {widths.begin() + 1, widths.end() - 1},
              .classes = widths.back(),
              .batch_norm = true});
}

}  // namespace

int main(int argc, char** argv) {
  select_instruction_set();
  Session session(argc, argv);
  Communicator& world = session.world();
  set_threads(world.threads_for_this_rank());
  const std::string statistics = argc > 1 ? argv[1] : "sync";
  const std::string gradients = argc > 2 ? argv[2] : "tree";
  const std::int64_t batch = argc > 3 ? std::atoll(argv[3]) : 256;
  const int steps = argc > 4 ? std::atoi(argv[4]) : 30;
  const Model model = model_of(argc > 5 ? argv[5] : "784,1024,1024,1024,10");
  const bool tree = gradients == "tree";
  const std::int64_t leaves =
      argc > 6 ? std::atoll(argv[6]) : (tree ? default_leaves(batch) : world.size() * threads());
  const bool sync = statistics == "sync";
  const double ms = tree ? step_ms<TreeSums>(world, model, sync, batch, leaves, steps)
                         : step_ms<Allreduce>(world, model, sync, batch, leaves, steps);
  if (world.rank() == 0)
    std::cout << fmt::format("batch {} leaves {} ranks {} threads {}, {} statistics, gradients by {}: step {:.3f} ms\n",
                             batch, leaves, world.size(), threads(), statistics, gradients, ms);
  return 0;
}
