#include "shoal/guard/activity.hpp"

#include <atomic>

namespace shoal {
namespace {

std::atomic<Activity> now = Activity::computing;
std::atomic<bool> apart = false;
std::atomic<std::int64_t> step_now = 0;

}  // namespace

const char* to_string(Activity activity) noexcept {
  switch (activity) {
    case Activity::computing: return "computing";
    case Activity::starting: return "starting";
    case Activity::reading: return "reading data";
    case Activity::evaluating: return "evaluating";
    case Activity::saving: return "saving";
    case Activity::apart: return "training by itself";
  }
  return "busy";
}

Doing::Doing(Activity activity) noexcept
    : before_(now.load(std::memory_order_relaxed)), before_apart_(apart.load(std::memory_order_relaxed)) {
  if (activity == Activity::apart) {
    apart.store(true, std::memory_order_relaxed);
    now.store(Activity::computing, std::memory_order_relaxed);
  } else {
    now.store(activity, std::memory_order_relaxed);
  }
}

Doing::~Doing() {
  now.store(before_, std::memory_order_relaxed);
  apart.store(before_apart_, std::memory_order_relaxed);
}

Activity activity(Onlookers onlookers) noexcept {
  if (onlookers == Onlookers::all && apart.load(std::memory_order_relaxed)) return Activity::apart;
  return now.load(std::memory_order_relaxed);
}

void note_step(std::int64_t step) noexcept { step_now.store(step, std::memory_order_relaxed); }

std::int64_t noted_step() noexcept { return step_now.load(std::memory_order_relaxed); }

}  // namespace shoal
