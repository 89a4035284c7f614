#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shoal::h5 {

/// A step that a chunk went through when it was written.
struct ChunkFilter {
  enum class Kind { deflate, shuffle, fletcher32 };
  Kind kind = Kind::deflate;
  std::size_t element_bytes = 1;  ///< of shuffle
};

/// Undoes the filters of a chunk, the last first.
/// @param stored   as it lies in the file
/// @param skipped  bit i: filter i was left out for this chunk
/// @param bytes    of the chunk without filters
/// @throws Failure  where it does not come out at that size, or a checksum differs
std::vector<std::byte> unfiltered(std::vector<std::byte> stored, const std::vector<ChunkFilter>& filters,
                                  std::uint32_t skipped, std::size_t bytes);

/// HDF5's Fletcher checksum of 16-bit words, big endian as it was meant.
std::uint32_t fletcher32(std::span<const std::byte> bytes);

}  // namespace shoal::h5
