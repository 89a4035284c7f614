#pragma once

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

}  // namespace shoal
