#pragma once

#include <string>

#include "shoal/comm/communicator.hpp"
#include "shoal/core/error.hpp"

namespace shoal {

/// Collective. Compares what all ranks must hold alike, before they rely on it: one small message where they do.
/// what: names it, at the beginning of the message; text: this rank's, of one line or several; remedy: what to do.
/// @throws SharedError(status)  when texts differ: the first line that does, as it is on which ranks and hosts
void require_alike(const Communicator& comm, const std::string& what, const std::string& text, ExitStatus status,
                   const std::string& remedy);

}  // namespace shoal
