#pragma once

#include <cstdint>

#include "io/format/source.hpp"

namespace shoal::h5 {

/// Finds HDF5's mark (at byte 0, 512, 1024, ...) and makes addresses count from there.
/// @returns the address of the root group's header
/// @throws Foreign when it is not HDF5, ends before the end that it names or is of other versions; Failure
std::uint64_t open_superblock(Source& source);

}  // namespace shoal::h5
