#pragma once

#include <string>

namespace shoal {

/// The file of a checkpoint that may be named by its run directory, whose newest it then is; any other path as it is.
/// @throws Error(no_input)  for a folder that holds no checkpoint
std::string checkpoint_file(const std::string& path);

}  // namespace shoal
