#pragma once

#include <vector>

namespace shoal {

/// The affinity mask of this process as bits, for comparison between ranks of a host; empty where the system has none.
std::vector<unsigned char> affinity_mask();
/// The processors that this process may use: those in its affinity mask, at least 1.
int usable_cores();

}  // namespace shoal
