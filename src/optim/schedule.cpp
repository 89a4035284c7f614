#include "shoal/optim/schedule.hpp"

#include <algorithm>
#include <array>
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
  std::array<std::string_view, 3> uses;  // of ScheduleSettings
};

constexpr NamedDecay decays[] = {
    {"constant", [](const ScheduleSettings&, const Moment& now) { return now.rate; }, {}},
    {"cosine",
     [](const ScheduleSettings& s, const Moment& now) {
       const double floor = std::min(s.min_rate, now.rate);
       return floor + (now.rate - floor) * 0.5 * (1.0 + elementary::cos_pi(now.progress));
     },
     {"min_rate"}},
    {"exponential",
     [](const ScheduleSettings& s, const Moment& now) {
       return now.rate * elementary::power(s.factor, static_cast<std::uint64_t>(now.epoch));
     },
     {"factor", "min_rate"}},
    {"inverse_time",
     [](const ScheduleSettings& s, const Moment& now) {
       return now.rate / (1.0 + s.decay * static_cast<double>(now.epoch));
     },
     {"decay", "min_rate"}},
    {"step",
     [](const ScheduleSettings& s, const Moment& now) {
       return now.rate * elementary::power(s.factor, static_cast<std::uint64_t>(now.epoch / s.step_epochs));
     },
     {"step_epochs", "factor", "min_rate"}},
};

const NamedDecay& find_decay(const std::string& name) {
  for (const NamedDecay& known : decays) {
    if (name == known.name) return known;
  }
  throw_unknown_name("schedule", name, schedule_names());
}

}  // namespace

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const NamedDecay& known : decays) names.emplace_back(known.name);
  return names;
}

bool schedule_uses(const std::string& name, std::string_view setting) {
  const auto& uses = find_decay(name).uses;
  return std::find(uses.begin(), uses.end(), setting) != uses.end();
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
  return std::max(find_decay(schedule.name).decay(schedule, now), std::min(schedule.min_rate, rate));
}

}  // namespace shoal
