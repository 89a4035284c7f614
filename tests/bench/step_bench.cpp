// Time of a training step on made-up data: forward, backward, sums, Adam; without reading files.
//   [mpirun -np P] step_bench [batch] [steps] [inputs,hidden...,classes] [leaves, or 0] [activation]
// relu with batch norm; where an activation is named, that without.
#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <vector>

#include "shoal/comm/session.hpp"
#include "timed_steps.hpp"

int main(int argc, char** argv) {
  using namespace shoal;
  select_instruction_set();
  Session session(argc, argv);
  Communicator& world = session.world();
  set_threads(world.threads_for_this_rank());
  const std::int64_t batch = argc > 1 ? std::atoll(argv[1]) : 256;
  const int steps = argc > 2 ? std::atoi(argv[2]) : 30;
  const std::vector<std::int64_t> widths = numbers(argc > 3 ? argv[3] : "784,1024,1024,1024,10");
  const std::int64_t leaves = argc > 4 && std::atoll(argv[4]) > 0 ? std::atoll(argv[4]) : default_leaves(batch);

  const Model model = mlp({.inputs = widths.front(),
                           .hidden = {widths.begin() + 1, widths.end() - 1},
                           .classes = widths.back(),
                           .activation = argc > 5 ? argv[5] : "relu",
                           .batch_norm = argc <= 5});
  const LeafShare share({batch, samples_per_leaf(batch, leaves)}, leaves, world.size(), world.rank());
  Replica replica(model, "adam", world, share.samples(), share.nodes().size());
  replica.fill_parameters([&](std::span<float> flat) { model.graph().initialize(1, flat); });
  fill_inputs(replica, model, share.samples(), widths.back());
  const TimedSteps timed = time_steps(replica, model, share, batch, steps, world);
  if (world.rank() == 0) {
    double flops = 0;
    for (std::size_t l = 0; l + 1 < widths.size(); ++l)
      flops += 2.0 * static_cast<double>(batch * widths[l] * widths[l + 1]) * (l == 0 ? 2 : 3);
    std::cout << fmt::format("batch {} leaves {} ranks {} threads {} {}: {}; {:.0f} GFLOP/s, {} parameters\n", batch,
                             leaves, world.size(), threads(), instruction_set(), timed.text(),
                             flops / median(timed.whole) * 1e-6, model.parameter_count());
  }
  return 0;
}
