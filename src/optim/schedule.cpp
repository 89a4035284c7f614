#include "shoal/optim/schedule.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "optim/settings_check.hpp"
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

void check_settings(const ScheduleSettings& s, double learning_rate) {
  find_decay(s.name);
  const auto check = [](std::string_view key, double value, double least) {
    require_setting(std::isfinite(value) && value >= least, key, value, least == 0.0 ? "0 or more" : "1 or more");
  };
  check("schedule.warmup_steps", static_cast<double>(s.warmup_steps), 0.0);
  check("schedule.step_epochs", static_cast<double>(s.step_epochs), 1.0);
  check("schedule.factor", s.factor, 0.0);
  check("schedule.decay", s.decay, 0.0);
  check("schedule.min_rate", s.min_rate, 0.0);
  require_setting(s.min_rate <= learning_rate, "schedule.min_rate", s.min_rate, "at most optimizer.learning_rate");
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
