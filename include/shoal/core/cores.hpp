#pragma once

#include <vector>

namespace shoal {

/// The affinity mask of this process as bits, for comparison between ranks of a host; empty where the system has none.
std::vector<unsigned char> affinity_mask();
/// The processors in the affinity mask of this thread, at least 1: see cores_in_reach().
int usable_cores();

}  // namespace shoal
