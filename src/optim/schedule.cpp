#include "shoal/optim/schedule.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "optim/unknown_name.hpp"
#include "shoal/core/elementary.hpp"

namespace shoal {
namespace {

/// What a schedule may depend on, after the warm-up.
struct Moment {
  double rate;         // optimizer.learning_rate
  std::int64_t epoch;  // whole epochs done before this step
  std::int64_t done;   // of the steps after the warm-up, before this one ...
  std::int64_t steps;  // ... which are so many, at least 1; done is no more
  double progress() const { return static_cast<double>(done) / static_cast<double>(steps); }
};

using Decay = double (*)(const ScheduleSettings&, const Moment&);

struct NamedDecay {
  const char* name;
  Decay decay;
  std::array<std::string_view, 4> uses;  // of ScheduleSettings
  bool warms_up = false;                 // by itself: warmup_steps come before all others
  bool spans_run = false;                // it looks at `steps`
};

/// From `from` at 0 to `to` at 1.
double half_cosine(double from, double to, double at) {
  return to + (from - to) * 0.5 * (1.0 + elementary::cos_pi(at));
}

/// x^exponent for x in [0, 1].
double power(double x, double exponent) {
  constexpr double most_whole = 64;
  if (exponent <= most_whole && exponent == std::floor(exponent))
    return elementary::power(x, static_cast<std::uint64_t>(exponent));
  return x == 0.0 ? 0.0 : elementary::exp(exponent * elementary::log(x));
}

double one_cycle(const ScheduleSettings& s, const Moment& now) {
  const auto step = static_cast<double>(now.done);
  const auto steps = static_cast<double>(now.steps);
  const double top = s.rise_fraction * steps - 1.0;  // the step that has the full rate, from 0; as PyTorch places it
  const double first = now.rate / s.start_divisor;
  if (step <= top) return half_cosine(first, now.rate, top > 0.0 ? step / top : 1.0);
  return half_cosine(now.rate, first / s.end_divisor, std::min(1.0, (step - top) / (steps - 1.0 - top)));
}

constexpr NamedDecay decays[] = {
    {"constant", [](const ScheduleSettings&, const Moment& now) { return now.rate; }, {}},
    {"cosine",
     [](const ScheduleSettings& s, const Moment& now) {
       return half_cosine(now.rate, std::min(s.min_rate, now.rate), now.progress());
     },
     {"min_rate"},
     false,
     true},
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
    {"one_cycle", one_cycle, {"rise_fraction", "start_divisor", "end_divisor", "min_rate"}, true, true},
    {"polynomial",
     [](const ScheduleSettings& s, const Moment& now) {
       const double floor = std::min(s.min_rate, now.rate);
       return floor + (now.rate - floor) * power(1.0 - now.progress(), s.power);
     },
     {"power", "min_rate"},
     false,
     true},
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
  const NamedDecay& known = find_decay(name);
  if (setting == "warmup_steps") return !known.warms_up;
  return std::find(known.uses.begin(), known.uses.end(), setting) != known.uses.end();
}

bool schedule_spans_run(const std::string& name) { return find_decay(name).spans_run; }

double learning_rate(const OptimizerSettings& optimizer, const ScheduleSettings& schedule, std::int64_t step,
                     std::int64_t steps_per_epoch, std::int64_t total_steps) {
  assert(step >= 1 && steps_per_epoch >= 1);
  const double rate = optimizer.learning_rate;
  const NamedDecay& known = find_decay(schedule.name);
  const std::int64_t warmup = known.warms_up ? 0 : schedule.warmup_steps;
  if (step <= warmup) return rate * static_cast<double>(step) / static_cast<double>(warmup);

  const std::int64_t steps = std::max<std::int64_t>(1, total_steps - warmup);
  const Moment now{rate, (step - 1) / steps_per_epoch, std::min(steps, step - 1 - warmup), steps};
  return std::max(known.decay(schedule, now), std::min(schedule.min_rate, rate));
}

}  // namespace shoal
