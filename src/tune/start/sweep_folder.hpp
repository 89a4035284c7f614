#pragma once

#include <string>

#include "shoal/comm/communicator.hpp"
#include "tune/start/sweep_request.hpp"
#include "tune/start/sweep_task.hpp"
#include "tune/sweep_directory.hpp"

namespace shoal {

/// Makes or takes the folder. @throws Error  taken; bad_data: it was begun on other data; input_output
SweepDirectory take_folder(const SweepRequestPlan& plan, const SweepTask& task);

/// Collective. Ranks claim trials by files: the folder of claims, which rank 0 has made, must be one for all.
/// @throws SharedError(input_output)  naming a rank that does not see it, and its host
void check_folder(const std::string& claims, const Communicator& world);

}  // namespace shoal
