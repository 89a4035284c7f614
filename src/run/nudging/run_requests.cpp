#include "run/nudging/run_requests.hpp"

#include <fmt/format.h>

#include <utility>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"

namespace shoal {

RunRequests::RunRequests(Training& training, RunPlan& plan, Communicator& comm)
    : training_(training), plan_(plan), comm_(comm) {
  if (comm.rank() == 0) desk_.emplace(plan.run);
}

/// What is said to who asked for something else than a nudge. On rank 0.
std::string RunRequests::grant(RunWish wish) {
  const std::int64_t step = training_.progress().step;
  const std::string run = shell_word(plan_.run);
  const bool waited = to_wait_;
  if (wish == RunWish::stop) {
    to_stop_ = true;
    return fmt::format("stopped after step {}; go on with shoal train --run {} --resume auto", step, run);
  }
  to_wait_ = wish == RunWish::pause;
  if (to_wait_) return fmt::format("paused after step {}; go on with shoal nudge {} --go-on", step, run);
  return waited ? fmt::format("goes on after step {}", step) : "it is not paused, and trains on";
}

void RunRequests::take() {
  const Doing doing(Activity::saving);
  SHOAL_FAULT_POINT("nudge");
  std::string added;
  run_together(comm_, [&] {
    if (comm_.rank() == 0) added = admit();
  });
  comm_.broadcast_string(added);
  to_stop_ = comm_.all_max(to_stop_ ? 1 : 0) > 0;
  to_wait_ = comm_.all_max(comm_.rank() == 0 && to_wait_ ? 1 : 0) > 0;
  const NudgeJournal news = NudgeJournal::parse(added, "the new nudges of rank 0");
  for (const Nudge& nudge : news.nudges()) plan_.journal.add(nudge);
  for (const Nudge& nudge : news.nudges())
    log_info(fmt::format("nudged: {} from step {} on", nudge.assignment(), nudge.step));
  for (const auto& [visitor, reply] : answers_) {
    for (const std::string& note : reply.notes) log_warning(note);
  }
}

/// On rank 0. @returns the lines of nudges that are new in the journal on disk
std::string RunRequests::admit() {
  plan_.directory->check_owner();
  NudgeJournal journal = plan_.journal;
  const auto total_steps = [&](const Config& config) { return training_.total_steps(config); };
  const auto judge = [&](const NudgeRequestFile& request) {
    return judge_nudge(request, plan_.config, journal, training_.progress().step, total_steps);
  };
  const auto write = [&](const std::string& lines) {
    plan_.directory->write(plan_.directory->paths().nudges(), lines);
  };
  for (const NudgeDesk::Visitor& visitor : desk_->admit()) {
    if (visitor.request.wish == RunWish::nudge) {
      NudgeReply reply = note_nudges(visitor.request, judge, write, journal);
      if (reply.status == ExitStatus::done)
        reply.notes = notes_on_nudges(NudgeJournal::parse(reply.text, "the nudges just taken").nudges(), plan_.config,
                                      journal, training_.progress(), total_steps);
      answers_.emplace_back(visitor, std::move(reply));
    } else {
      answers_.emplace_back(visitor, NudgeReply{ExitStatus::done, grant(visitor.request.wish)});
    }
  }
  std::string added;
  const auto& all = journal.nudges();
  for (std::size_t i = plan_.journal.nudges().size(); i < all.size(); ++i) added += to_json_line(all[i]);
  return added;
}

void RunRequests::answer() {
  for (const auto& [visitor, reply] : answers_) NudgeDesk::answer(visitor, reply);
  answers_.clear();
}

void RunRequests::answer_finished() {
  for (auto& [visitor, reply] : answers_) {
    if (visitor.request.wish != RunWish::nudge)
      reply.text = fmt::format("finished after step {}", training_.progress().step);
  }
  answer();
}

}  // namespace shoal
