#pragma once

#include <string>

namespace shoal {

/// What a checkpoint or a data set holds, for people or as one JSON object. Told apart by how the file begins.
/// @throws Error  no_input; bad_data for any other file, a damaged one, or one whose digest is not that of its content
std::string inspect(const std::string& path, bool json);

std::string inspect_checkpoint(const std::string& path, bool json);
std::string inspect_dataset(const std::string& path, bool json);

}  // namespace shoal
