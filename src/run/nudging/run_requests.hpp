#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "run/nudging/nudge_desk.hpp"
#include "run/run_plan.hpp"
#include "shoal/comm/communicator.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

/// What others ask of a run under way, see ask_run(): to change a key, to stop, to wait, to go on. Rank 0 hears it; all
/// ranks take it between the same two steps.
class RunRequests {
 public:
  /// All outlive it; plan.directory is rank 0's alone.
  RunRequests(Training& training, RunPlan& plan, Communicator& comm);

  /// On rank 0: whether somebody waits.
  bool waiting() { return desk_->has_visitors(); }
  /// Collective. From here on what was asked for is part of the run, for it is on disk: nudges are in the plan's
  /// journal. Rank 0 judges; a request that is wrong concerns the one who made it alone.
  void take();
  /// Tells those who asked what came of it, once it is done.
  void answer();
  /// The same after the last step, with which the wish to stop or wait has found its end.
  void answer_finished();

  bool to_stop() const { return to_stop_; }
  bool to_wait() const { return to_wait_; }

 private:
  std::string grant(RunWish wish);
  std::string admit();

  Training& training_;
  RunPlan& plan_;
  Communicator& comm_;
  std::optional<NudgeDesk> desk_;
  std::vector<std::pair<NudgeDesk::Visitor, NudgeReply>> answers_;
  bool to_stop_ = false;
  bool to_wait_ = false;
};

}  // namespace shoal
