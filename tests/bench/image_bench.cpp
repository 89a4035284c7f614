// Time of a training step of a convolutional net on made-up images: forward, backward, sums, update; without reading.
//   [mpirun -np P] image_bench CONFIG.toml [channels,height,width] [batch] [steps] [leaves]
// CONFIG names the layers under [model]; its data are not read. SHOAL_PHASES=1 prints the time of each phase.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "bench_numbers.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/config/model_layers.hpp"
#include "shoal/core/profile.hpp"
#include "shoal/core/random.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"
#include "train/replica.hpp"

using Clock = std::chrono::steady_clock;

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

  const Config config = load_config(argv[1], {});
  const Model model(image_shape(shape[0], shape[1], shape[2]), layers_of(config.model), 10, Loss::softmax);
  const LeafShare share({batch, samples_per_leaf(batch, leaves)}, leaves, world.size(), world.rank());
  Replica replica(model, config.optimizer.name, world, share.samples(), share.nodes().size());
  replica.fill_parameters([&](std::span<float> flat) { model.graph().initialize(1, flat); });
  model.graph().initialize_states(replica.states());
  const RandomSource source(1, Purpose::initialise, 1);
  std::vector<std::int64_t> ids;
  const Panels<float> images = replica.executor().input(model.input());
  for (std::int64_t s = 0; s < share.samples(); ++s) {
    ids.push_back(s);
    const std::int64_t rows = model.input().shape().rows;
    for (std::int64_t r = s * rows; r < (s + 1) * rows; ++r)
      for (std::int64_t c = 0; c < images.columns; ++c)
        images.at(r, c) =
            static_cast<float>(source.normal(static_cast<std::uint64_t>(r), static_cast<std::uint64_t>(c)));
    replica.executor().input(model.targets()).at(s, 0) = static_cast<float>(s % 10);
  }
  const bool phases = std::getenv("SHOAL_PHASES") != nullptr && world.rank() == 0;
  std::vector<double> forward, backward, update, whole;
  for (int step = 1; step <= steps + 2; ++step) {
    world.barrier();
    UpdateScalars scalars;
    scalars.settings.learning_rate = scalars.learning_rate = 1e-4;
    scalars.step = step;
    scalars.batch = static_cast<float>(batch);
    Clock::time_point t1, t2;
    const Span span(SpanKind::step, "step");
    if (phases && step == 3) start_profile();
    const auto t0 = Clock::now();
    with_team([&] {
      replica.executor().forward({&share, share.range(), true, 1, static_cast<std::uint64_t>(step), ids}, model.loss());
      t1 = Clock::now();
      replica.backward(share);
      t2 = Clock::now();
      replica.update(scalars);
    });
    const auto t3 = Clock::now();
    if (step <= 2) continue;
    const auto ms = [](auto a, auto b) { return std::chrono::duration<double, std::milli>(b - a).count(); };
    forward.push_back(ms(t0, t1));
    backward.push_back(ms(t1, t2));
    update.push_back(ms(t2, t3));
    whole.push_back(ms(t0, t3));
  }
  if (world.rank() == 0)
    std::cout << fmt::format(
        "batch {} leaves {} ranks {} threads {} {}: step {:.1f} ms (min {:.1f}), forward {:.1f}, backward {:.1f}, "
        "update {:.2f}\n",
        batch, leaves, world.size(), threads(), instruction_set(), median(whole),
        *std::min_element(whole.begin(), whole.end()), median(forward), median(backward), median(update));
  if (phases) {
    for (const ProfileLine& line : end_profile().lines)
      std::cout << fmt::format("{:9.2f} ms {:7.1f} GFLOP/s  {}\n", line.seconds * 1e3 / steps,
                               line.flops / std::max(line.seconds, 1e-9) * 1e-9, line.name);
  }
  return 0;
}
