#pragma once

#include <memory>
#include <string>

#include "array_bytes.hpp"

namespace shoal {

/// An array in a NumPy archive: a zip file, zip64 too, whose members are stored or deflated. What is read from its
/// start to its end is compared with the member's checksum.
/// @param member  its name, without .npy; empty: the only one
/// @throws Error(bad_data)  for no zip file, a damaged one, no such member (names those that there are), another
///                          compression
std::unique_ptr<ArrayBytes> open_npz_member(const std::string& path, const std::string& member);

}  // namespace shoal
