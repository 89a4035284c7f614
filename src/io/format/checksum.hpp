#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace shoal::h5 {

/// Bob Jenkins' lookup3 (hashlittle, from 0), at the end of most of what HDF5 1.8 and later writes with new versions.
/// Source: https://burtleburtle.net/bob/c/lookup3.c
std::uint32_t lookup3(std::span<const std::byte> bytes);

/// Splits off the last four bytes. @throws Failure when they are not the checksum of the others
std::span<const std::byte> verified(std::span<const std::byte> bytes);

}  // namespace shoal::h5
