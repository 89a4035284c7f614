#pragma once

#include <sys/resource.h>

#include <vector>

#include "comm/transport.hpp"
#include "mpi_test.hpp"

namespace shoal {

/// The test's ranks three times: all of the host sharing memory; two by two, as if on several hosts; each by itself.
inline std::vector<Communicator> grouped_worlds() {
  std::vector<Communicator> worlds;
  for (const int most : {1 << 20, 2, 1}) worlds.emplace_back(test_world().transport().split(0, most));
  return worlds;
}

/// While it lives, this process gets no shared memory of more than `bytes`.
class SharedMemoryLimit {
 public:
  explicit SharedMemoryLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit low = before_;
    low.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &low);
  }
  SharedMemoryLimit(const SharedMemoryLimit&) = delete;
  SharedMemoryLimit& operator=(const SharedMemoryLimit&) = delete;
  ~SharedMemoryLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace shoal
