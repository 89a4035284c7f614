#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace shoal::h5 {

/// Product of the extents times `element`, nothing when it overflows or exceeds `limit`.
inline std::optional<std::size_t> bytes_within(const std::vector<std::int64_t>& shape, std::size_t element,
                                               std::size_t limit) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::size_t bytes = element;
  for (const std::int64_t extent : shape) {
    if (extent < 0 || bytes > limit / static_cast<std::size_t>(extent)) return std::nullopt;
    bytes *= static_cast<std::size_t>(extent);
  }
  return bytes <= limit ? std::optional(bytes) : std::nullopt;
}

}  // namespace shoal::h5
