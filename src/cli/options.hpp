#pragma once

#include <string>
#include <vector>

#include "cli/commands.hpp"

namespace shoal {

/// Reads the arguments of `shoal`, without the program's name. No arguments ask for the help, with status usage.
/// @throws Error(usage)  that names the wrong option or value, and the nearest known one where one is near
Request parse_command_line(std::vector<std::string> arguments);

/// `shoal --version`: the version, the instruction set in use, MPI and HDF5.
std::string version_text();

}  // namespace shoal
