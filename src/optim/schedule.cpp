#include "shoal/optim/schedule.hpp"

#include <algorithm>
#include <cassert>

#include "optim/unknown_name.hpp"
#include "shoal/core/elementary.hpp"

namespace shoal {
namespace {

/// What a schedule may depend on, after the warm-up.
struct Moment {
  double rate;         // optimizer.learning_rate
  std::int64_t epoch;  // whole epochs done before this step
  double progress;     // of the steps after the warm-up: 0 at the first, 1 when all are done
};

using Decay = double (*)(const ScheduleSettings&, const Moment&);

struct NamedDecay {
  const char* name;
  Decay decay;
};

constexpr NamedDecay decays[] = {
    {"constant", [](const ScheduleSettings&, const Moment& now) { return now.rate; }},
    {"cosine",
     [](const ScheduleSettings& s, const Moment& now) {
       const double floor = std::min(s.min_rate, now.rate);
       return floor + (now.rate - floor) * 0.5 * (1.0 + elementary::cos_pi(now.progress));
     }},
    {"exponential",
     [](const ScheduleSettings& s, const Moment& now) {
       return now.rate * elementary::power(s.factor, static_cast<std::uint64_t>(now.epoch));
     }},
    {"inverse_time", [](const ScheduleSettings& s,
                        const Moment& now) { return now.rate / (1.0 + s.decay * static_cast<double>(now.epoch)); }},
    {"step",
     [](const ScheduleSettings& s, const Moment& now) {
       return now.rate * elementary::power(s.factor, static_cast<std::uint64_t>(now.epoch / s.step_epochs));
     }},
};

Decay find_decay(const std::string& name) {
  for (const NamedDecay& known : decays) {
    if (name == known.name) return known.decay;
  }
  throw_unknown_name("schedule", name, schedule_names());
}

}  // namespace

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const NamedDecay& known : decays) names.emplace_back(known.name);
  return names;
}

double learning_rate(const OptimizerSettings& optimizer, const ScheduleSettings& schedule, std::int64_t step,
                     std::int64_t steps_per_epoch, std::int64_t total_steps) {
  assert(step >= 1 && steps_per_epoch >= 1);
  const double rate = optimizer.learning_rate;
  const std::int64_t warmup = schedule.warmup_steps;
  if (step <= warmup) return rate * static_cast<double>(step) / static_cast<double>(warmup);

  const std::int64_t span = std::max<std::int64_t>(1, total_steps - warmup);
  const std::int64_t done = std::min(span, step - 1 - warmup);
  const Moment now{rate, (step - 1) / steps_per_epoch, static_cast<double>(done) / static_cast<double>(span)};
  return std::max(find_decay(schedule.name)(schedule, now), std::min(schedule.min_rate, rate));
}

}  // namespace shoal
