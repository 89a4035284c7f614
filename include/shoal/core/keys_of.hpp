#pragma once

#include <string>
#include <vector>

namespace shoal {

/// The keys of a map by name, in its order.
template <class Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.emplace_back(key);
  return keys;
}

}  // namespace shoal
