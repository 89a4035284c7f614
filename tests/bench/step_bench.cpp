// Time of a training step on made-up data: forward, backward, sums, Adam; without reading files.
//   [mpirun -np P] step_bench [batch] [steps] [inputs,hidden...,classes] [leaves]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "bench_numbers.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/random.hpp"
#include "shoal/graph/graph_cost.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"
#include "train/replica.hpp"
#include "train/thread_tuner.hpp"

using Clock = std::chrono::steady_clock;

int main(int argc, char** argv) {
  using namespace shoal;
  select_instruction_set();
  Session session(argc, argv);
  Communicator& world = session.world();
  set_threads(world.threads_for_this_rank());
  const std::int64_t batch = argc > 1 ? std::atoll(argv[1]) : 256;
  const int steps = argc > 2 ? std::atoi(argv[2]) : 30;
  const std::vector<std::int64_t> widths = numbers(argc > 3 ? argv[3] : "784,1024,1024,1024,10");
  const std::int64_t leaves = argc > 4 ? std::atoll(argv[4]) : default_leaves(batch);

  const Model model = mlp({.inputs = widths.front(),
                           .hidden = {widths.begin() + 1, widths.end() - 1},
                           .classes = widths.back(),
                           .batch_norm = true});
  const LeafShare share({batch, samples_per_leaf(batch, leaves)}, leaves, world.size(), world.rank());
  Replica replica(model, "adam", world, share.samples(), share.nodes().size());
  replica.fill_parameters([&](std::span<float> flat) { model.graph().initialize(1, flat); });
  const RandomSource source(1, Purpose::initialise, 1);
  std::vector<std::int64_t> ids;
  for (std::int64_t r = 0; r < share.samples(); ++r) {
    ids.push_back(r);
    for (std::int64_t c = 0; c < model.inputs(); ++c)
      replica.executor().input(model.input()).at(r, c) =
          static_cast<float>(source.normal(static_cast<std::uint64_t>(r), static_cast<std::uint64_t>(c)));
    replica.executor().input(model.targets()).at(r, 0) = static_cast<float>(r % widths.back());
  }
  ThreadTuner tuner(threads(), work_of_step(multiply_adds(model.graph()), share.samples()));
  std::vector<double> forward, backward, update, whole;
  for (int step = 1; step <= steps + 3; ++step) {
    world.barrier();
    UpdateScalars scalars;
    scalars.settings.learning_rate = scalars.learning_rate = 1e-4;
    scalars.step = step;
    scalars.batch = static_cast<float>(batch);
    Clock::time_point t1, t2;
    const ThreadLimit limit(tuner.threads());
    const auto t0 = Clock::now();
    with_team([&] {
      replica.executor().forward({&share, share.range(), true, 1, static_cast<std::uint64_t>(step), ids}, model.loss());
      t1 = Clock::now();
      replica.backward(share);
      t2 = Clock::now();
      replica.update(scalars);
    });
    const auto t3 = Clock::now();
    tuner.note(t3 - t0);
    if (step <= 3) continue;
    const auto ms = [](auto a, auto b) { return std::chrono::duration<double, std::milli>(b - a).count(); };
    forward.push_back(ms(t0, t1));
    backward.push_back(ms(t1, t2));
    update.push_back(ms(t2, t3));
    whole.push_back(ms(t0, t3));
  }
  if (world.rank() == 0) {
    double flops = 0;
    for (std::size_t l = 0; l + 1 < widths.size(); ++l)
      flops += 2.0 * static_cast<double>(batch * widths[l] * widths[l + 1]) * (l == 0 ? 2 : 3);
    std::cout << fmt::format(
        "batch {} leaves {} ranks {} threads {} {}: step {:.3f} ms (min {:.3f}), forward {:.3f}, backward {:.3f}, "
        "update {:.3f}; {:.0f} GFLOP/s\n",
        batch, leaves, world.size(), threads(), instruction_set(), median(whole),
        *std::min_element(whole.begin(), whole.end()), median(forward), median(backward), median(update),
        flops / median(whole) * 1e-6);
  }
  return 0;
}
