#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/io/archive.hpp"

namespace shoal {

/// A checkpoint as one rank has read it: decoded, and as it goes to the others.
struct LoadedCheckpoint {
  Archive archive;  ///< named by its path
  std::vector<std::byte> bytes;
};

/// @throws Error  no_input, bad_data
LoadedCheckpoint load_checkpoint(const std::string& path);

/// Collective. What rank 0 has, if it has one: the others take its bytes, and each decodes them once.
/// @throws SharedError
std::optional<Archive> share_checkpoint(std::optional<LoadedCheckpoint> loaded, const Communicator& comm);

/// Collective. Rank 0 reads the file, all get it. @throws SharedError  no_input, bad_data
Archive load_together(const std::string& path, const Communicator& comm);

}  // namespace shoal
