#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/run/verify.hpp"

namespace shoal {

/// What is trained in one go: from a checkpoint to the next one that is there, past those that were pruned.
struct VerifyLeg {
  std::string start;             ///< checkpoint; empty: as the run began
  std::int64_t before = -1;      ///< the step of that, or of the checkpoint before; -1: none
  std::vector<std::int64_t> to;  ///< steps to compare after, ascending
  std::string unknown = {};      ///< why it cannot be trained; empty: it can
};

/// What there is to verify, as rank 0 finds it on disk.
struct VerifyPlan {
  std::string run;
  Config config;  ///< as the run began
  NudgeJournal journal;
  std::string init_from;  ///< checkpoint whose parameters it began with, if any
  std::string content;    ///< of the data it was trained on; empty: no checkpoint is left that says
  std::vector<VerifyLeg> legs;
  // On rank 0 alone.
  std::map<std::int64_t, std::string> recorded;  ///< digests.jsonl
  std::string chain_fault;
};

/// On one process alone. @throws Error  see verify_run()
VerifyPlan plan_verification(const VerifyRequest& request);

/// Collective. All ranks get what rank 0 has, as far as they need it.
void share_plan(VerifyPlan& plan, const Communicator& comm);

}  // namespace shoal
