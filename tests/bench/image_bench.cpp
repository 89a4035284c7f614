// Time of a training step of a convolutional net on made-up images: forward, backward, sums, update; without reading.
//   [mpirun -np P] image_bench CONFIG.toml [channels,height,width] [batch] [steps] [leaves]
// CONFIG names the layers under [model]; its data are not read. SHOAL_PHASES=1 prints the time of each phase.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "shoal/comm/session.hpp"
#include "shoal/config/model_layers.hpp"
#include "timed_steps.hpp"

int main(int argc, char** argv) {
  using namespace shoal;
  select_instruction_set();
  Session session(argc, argv);
  Communicator& world = session.world();
  set_threads(world.threads_for_this_rank());
  if (argc < 2) {
    std::cerr << "image_bench CONFIG.toml [channels,height,width] [batch] [steps] [leaves]\n";
    return 64;
  }
  const std::vector<std::int64_t> shape = numbers(argc > 2 ? argv[2] : "3,32,32");
  const std::int64_t batch = argc > 3 ? std::atoll(argv[3]) : 128;
  const int steps = argc > 4 ? std::atoi(argv[4]) : 10;
  const std::int64_t leaves = argc > 5 ? std::atoll(argv[5]) : default_leaves(batch);
  constexpr std::int64_t classes = 10;

  const Config config = load_config(argv[1], {});
  const Model model(image_shape(shape[0], shape[1], shape[2]), layers_of(config.model), classes, Loss::softmax);
  const LeafShare share({batch, samples_per_leaf(batch, leaves)}, leaves, world.size(), world.rank());
  Replica replica(model, config.optimizer.name, world, share.samples(), share.nodes().size());
  replica.fill_parameters([&](std::span<float> flat) { model.graph().initialize(1, flat); });
  model.graph().initialize_states(replica.states());
  fill_inputs(replica, model, share.samples(), classes);
  const bool phases = std::getenv("SHOAL_PHASES") != nullptr && world.rank() == 0;
  const TimedSteps timed = time_steps(replica, model, share, batch, steps, world, phases);
  if (world.rank() == 0)
    std::cout << fmt::format("batch {} leaves {} ranks {} threads {} {}: {}, {} parameters\n", batch, leaves,
                             world.size(), threads(), instruction_set(), timed.text(), model.parameter_count());
  if (phases) {
    for (const ProfileLine& line : end_profile().lines)
      std::cout << fmt::format("{:9.2f} ms {:7.1f} GFLOP/s  {}\n", line.seconds * 1e3 / steps,
                               line.flops / std::max(line.seconds, 1e-9) * 1e-9, line.name);
  }
  return 0;
}
