#pragma once

#include <string>

namespace shoal {

/// The metrics of a run, under way or ended, as an event file in a folder of its own, which is made. Times: the last
/// line is of when metrics.jsonl was written last, the others as long before it as the jobs of the run took.
/// @returns the file
/// @throws Error  no_input: no run there, or one without a step; usage: the folder has event files already, which
///                TensorBoard would show as one run with these; input_output
std::string export_events(const std::string& run, const std::string& folder);

}  // namespace shoal
