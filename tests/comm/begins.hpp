#pragma once

#include <cstdint>
#include <vector>

namespace shoal {

/// Where parameters of these sizes begin, one behind another, and the end.
inline std::vector<std::int64_t> begins(const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> begin{0};
  for (const std::int64_t size : sizes) begin.push_back(begin.back() + size);
  return begin;
}

}  // namespace shoal
