#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shoal/io/archive.hpp"

namespace shoal::tests {

/// How much to do, from the command line: --count N, --seed S.
struct Campaign {
  int count = 0;  ///< 0: as many as a quick run has time for
  std::uint32_t seed = 1;
};
Campaign& campaign();
inline int count_or(int quick) { return campaign().count > 0 ? campaign().count : quick; }

/// A real checkpoint: of a small network with batch normalisation, made once by training it.
const std::vector<std::byte>& real_checkpoint();

/// The file as another version of shoal would have written its header.
std::vector<std::byte> with_header_version(std::vector<std::byte> bytes, std::uint32_t version);

/// All that resuming does with the bytes of a file, up to parameters of the model that they name.
/// @throws Error
Archive use_checkpoint(const std::vector<std::byte>& bytes);

/// use_checkpoint() ends with bad_data and one line. Returns the line, empty when it did not fail.
std::string refusal(const std::vector<std::byte>& bytes);

}  // namespace shoal::tests
