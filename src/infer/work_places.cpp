#include "infer/work_places.hpp"

#include <sched.h>
#include <time.h>

namespace shoal {

void wait_in_vain(int times) {
  constexpr int patient = 64;
  constexpr long pause_ns = 50'000;
  if (times < patient) {
    sched_yield();
    return;
  }
  const timespec pause{0, pause_ns};
  nanosleep(&pause, nullptr);
}

}  // namespace shoal
