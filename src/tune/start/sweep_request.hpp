#pragma once

#include <string>

#include "shoal/config/config.hpp"
#include "shoal/tune/sweep.hpp"

namespace shoal {

/// What a sweep does, and where; found on rank 0 alone.
struct SweepRequestPlan {
  Config config;  ///< as resolved
  std::string folder;
  std::string folder_base;  ///< `folder` will be the next free name after this, if not empty
  bool goes_on = false;     ///< there is a sweep to go on with
};
/// @throws Error  usage: config or options; no_input; taken: the folder holds a run already
SweepRequestPlan resolve(const SweepRequest& request);

}  // namespace shoal
