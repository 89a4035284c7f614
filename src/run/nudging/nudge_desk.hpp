#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "shoal/run/nudge_request.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/train/checkpoint.hpp"

namespace shoal {

/// Where a run takes requests for nudges, on rank 0. Whatever is wrong with the files here is a warning: the run is
/// worth more.
class NudgeDesk {
 public:
  /// The run is owned by this process. Removes answers that nobody came for.
  explicit NudgeDesk(const std::string& run);

  /// Whether somebody waits. Looks at the file system at most five times a second.
  bool has_visitors();

  struct Visitor {
    std::filesystem::path reply;
    NudgeRequestFile request;
  };
  /// Claims what waits, in order of name: a request returned here cannot be withdrawn any more.
  std::vector<Visitor> admit();
  static void answer(const Visitor& visitor, const NudgeReply& reply);

 private:
  std::vector<std::filesystem::path> files(const std::string& extension) const;

  std::filesystem::path folder_;
  std::string owner_;
  std::chrono::steady_clock::time_point looked_;
  std::set<std::filesystem::path> unreadable_;  // and told of once
};

/// The nudges that a request asks for, judged by what holds at their step.
/// @param start        config of the run's start
/// @param journal      what was agreed on before
/// @param done         finished updates
/// @param total_steps  of the run with another config
/// @throws Error(usage)  for a wrong key or value, and for a step that is past or never comes
std::vector<Nudge> judge_nudge(const NudgeRequestFile& request, const Config& start, const NudgeJournal& journal,
                               std::int64_t done, const std::function<std::int64_t(const Config&)>& total_steps);

/// What is to be said of nudges of one step that are in the journal: that one has no effect in the config of its step,
/// that the run ends with them, or before them.
std::vector<std::string> notes_on_nudges(const std::vector<Nudge>& nudges, const Config& start,
                                         const NudgeJournal& journal, const RunProgress& progress,
                                         const std::function<std::int64_t(const Config&)>& total_steps);

/// Judges a request and, where it is right, adds its nudges to `journal`, whose lines `write` then keeps: both or none.
/// @throws Error(taken)  from `write`
NudgeReply note_nudges(const NudgeRequestFile& request,
                       const std::function<std::vector<Nudge>(const NudgeRequestFile&)>& judge,
                       const std::function<void(const std::string& lines)>& write, NudgeJournal& journal);

}  // namespace shoal
