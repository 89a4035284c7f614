#pragma once

// The 512 bytes in front of a checkpoint's HDF5 image, little endian; HDF5 takes them for a user block:
//     0  magic "SHOALCKP"            24  XXH3-128 of the image, low half first
//     8  u32 format version          40  u64 step
//    12  u32 length of the header    48  XXH3-64 of all 512 bytes, taken with zeros here
//    16  u64 length of the image     56  zeros

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace shoal {

constexpr std::size_t checkpoint_header_bytes = 512;  // the least that HDF5 allows
constexpr std::uint32_t header_format_version = 1;

/// Writes the header of the image that follows it in `file`.
void write_checkpoint_header(std::span<std::byte> file, std::uint64_t step);

/// What a header says, once its own hash was found right.
struct CheckpointHeader {
  std::uint64_t image_bytes = 0;
  std::uint64_t step = 0;
};
/// @throws Error(bad_data)
CheckpointHeader read_checkpoint_header(std::span<const std::byte> file, const std::string& name);

/// Verifies header, lengths and hash. Returns the image. @throws Error(bad_data)
std::span<const std::byte> verify_checkpoint(std::span<const std::byte> file, const std::string& name);

}  // namespace shoal
