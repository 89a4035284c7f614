#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace shoal {

/// MPI counts in int: longer messages travel in pieces of this many bytes.
inline constexpr std::size_t largest_piece_bytes = std::size_t{1} << 30;

/// Calls send(piece) for consecutive pieces of `data`, each of at most `largest` bytes.
template <class Byte, class Send>
void for_each_piece(std::span<Byte> data, std::size_t largest, const Send& send) {
  for (std::size_t first = 0; first < data.size(); first += largest) {
    send(data.subspan(first, std::min(largest, data.size() - first)));
  }
}

}  // namespace shoal
