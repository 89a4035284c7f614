#pragma once

#include "cli/requests.hpp"
#include "shoal/comm/communicator.hpp"

namespace shoal {

// Collective, all of them: each is what one command does. Tables and numbers go to standard output, from rank 0 alone.
// @throws Error  with the status that the command ends with

ExitStatus execute(const PrintRequest& request, Communicator& world);
ExitStatus execute(const TrainRequest& request, Communicator& world);
ExitStatus execute(const EvaluateRequest& request, Communicator& world);
ExitStatus execute(const PredictRequest& request, Communicator& world);
ExitStatus execute(const InspectRequest& request, Communicator& world);
ExitStatus execute(const ImportRequest& request, Communicator& world);
ExitStatus execute(const SynthRequest& request, Communicator& world);
ExitStatus execute(const NudgeRequest& request, Communicator& world);
ExitStatus execute(const WatchRequest& request, Communicator& world);
ExitStatus execute(const SweepRequest& request, Communicator& world);

}  // namespace shoal
