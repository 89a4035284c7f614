#pragma once

#include <string>
#include <string_view>

namespace shoal {

// Lines of metrics.jsonl as records of TensorBoard's event files: the curves loss, learning_rate and samples_per_second
// of steps, and <split>/loss, <split>/accuracy, <split>/<metric> of evaluations. A line that is not whole is left out.

/// @param began  when the job that wrote the lines began, in seconds since 1970
std::string events_of(std::string_view lines, double began);

/// A whole event file of such lines. They tell seconds since their job began, not when it did: the last line is taken
/// to be of `ended`, and a job to begin when the one before it ends.
std::string event_file_of(std::string_view lines, double ended);

}  // namespace shoal
