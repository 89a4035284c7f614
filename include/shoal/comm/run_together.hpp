#pragma once

#include <functional>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// Collective. Runs `step`, which does not communicate, on every rank. If it throws on any, every rank throws
/// SharedError with the message and status of the lowest failing rank, so that all can end in good order. For options,
/// files and shapes. An exception that is not an Error counts as ExitStatus::internal, and the message
/// names its rank.
void run_together(const Communicator& comm, const std::function<void()>& step);

}  // namespace shoal
