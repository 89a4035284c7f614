// Training steps of a model whose input lies in memory, timed part by part.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "bench_numbers.hpp"
#include "shoal/core/profile.hpp"
#include "shoal/core/random.hpp"
#include "shoal/graph/graph_cost.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"
#include "train/replica.hpp"
#include "train/thread_tuner.hpp"

namespace shoal {

struct TimedSteps {
  std::vector<double> forward, backward, update, whole;  ///< ms

  std::string text() const {
    return fmt::format("step {:.3f} ms (min {:.3f}), forward {:.3f}, backward {:.3f}, update {:.3f}", median(whole),
                       *std::min_element(whole.begin(), whole.end()), median(forward), median(backward),
                       median(update));
  }
};

/// Numbers by counter into the inputs of a rank's samples, and classes in turn.
inline void fill_inputs(Replica& replica, const Model& model, std::int64_t samples, std::int64_t classes) {
  const RandomSource source(1, Purpose::initialise, 1);
  const Panels<float> x = replica.executor().input(model.input());
  for (std::int64_t r = 0; r < samples * model.input().shape().rows; ++r) {
    for (std::int64_t c = 0; c < x.columns; ++c)
      x.at(r, c) = static_cast<float>(source.normal(static_cast<std::uint64_t>(r), static_cast<std::uint64_t>(c)));
  }
  for (std::int64_t s = 0; s < samples; ++s)
    replica.executor().input(model.targets()).at(s, 0) = static_cast<float>(s % classes);
}

/// Collective. A few steps come before, and are not counted.
/// @param profile  start_profile() before the first one that counts
inline TimedSteps time_steps(Replica& replica, const Model& model, const LeafShare& share, std::int64_t batch,
                             int steps, Communicator& world, bool profile = false) {
  using Clock = std::chrono::steady_clock;
  constexpr int before = 3;
  const auto ms = [](auto a, auto b) { return std::chrono::duration<double, std::milli>(b - a).count(); };
  std::vector<std::int64_t> ids;
  for (std::int64_t s = 0; s < share.samples(); ++s) ids.push_back(s);
  ThreadTuner tuner(threads(), work_of_step(multiply_adds(model.graph()), share.samples()));
  TimedSteps timed;
  for (int step = 1; step <= steps + before; ++step) {
    world.barrier();
    UpdateScalars scalars;
    scalars.settings.learning_rate = scalars.learning_rate = 1e-4;
    scalars.step = step;
    scalars.batch = static_cast<float>(batch);
    Clock::time_point t1, t2;
    if (profile && step == before + 1) start_profile();
    const Span span(SpanKind::step, "step");
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
    if (step <= before) continue;
    timed.forward.push_back(ms(t0, t1));
    timed.backward.push_back(ms(t1, t2));
    timed.update.push_back(ms(t2, t3));
    timed.whole.push_back(ms(t0, t3));
  }
  return timed;
}

}  // namespace shoal
