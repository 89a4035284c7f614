#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// "0-3,8" as numbers, the way the system lists processors; ends where that does.
std::vector<int> listed_numbers(std::string_view text);

/// The processors of each NUMA node of this host, by number of the node, without nodes that have none; empty where the
/// system does not say. folder: as /sys/devices/system/node.
std::vector<std::vector<int>> numa_nodes(const std::string& folder = "/sys/devices/system/node");

}  // namespace shoal
