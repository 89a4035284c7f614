#pragma once

#include <string>
#include <vector>

namespace shoal {

/// What a command is to write, before it works for long.
/// @throws Error(usage)  when `out` is one of the files that it reads, a checkpoint, or part of a run
void check_output_file(const std::string& out, const std::vector<std::string>& inputs);

}  // namespace shoal
