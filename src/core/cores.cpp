#include "shoal/core/cores.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace shoal {

std::vector<unsigned char> affinity_mask() {
  // The call fails with EINVAL while the mask is shorter than the kernel's, whose length cannot be asked for.
  for (std::size_t words = 1024 / (8 * sizeof(unsigned long)); words <= 65536; words *= 2) {
    std::vector<unsigned long> mask(words);
    const std::size_t bytes = words * sizeof(unsigned long);
    if (sched_getaffinity(0, bytes, reinterpret_cast<cpu_set_t*>(mask.data())) == 0) {
      std::vector<unsigned char> result(bytes);
      std::memcpy(result.data(), mask.data(), bytes);
      return result;
    }
    if (errno != EINVAL) break;
  }
  return {};
}

int usable_cores() {
  int cores = 0;
  for (const unsigned char byte : affinity_mask()) cores += std::popcount(byte);
  if (cores == 0) cores = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  return std::max(1, cores);
}

}  // namespace shoal
