#include "run/nudging/nudge_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "shoal/config/keys.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/run_paths.hpp"
#include "shoal/run/run_pulse.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds between_looks{200};

/// The last update of a run as its nudges have it now, after `done` updates.
std::int64_t last_step(const Config& start, const NudgeJournal& journal, std::int64_t done,
                       const std::function<std::int64_t(const Config&)>& total_steps) {
  const NudgeJournal to_come = journal.after(done + 1);
  std::vector<std::int64_t> steps;
  for (const Nudge& nudge : to_come.nudges()) steps.push_back(nudge.step);
  std::sort(steps.begin(), steps.end());
  std::int64_t last = total_steps(journal.config_at(start, done + 1));
  for (const std::int64_t step : steps) {
    if (step <= last + 1) last = total_steps(journal.config_at(start, step));
  }
  return std::max(last, done);
}

/// A nudge of how long to train must leave the run an update, and be what it goes by.
void check_end(const std::vector<Nudge>& nudges, const Config& config, std::int64_t done, std::int64_t total) {
  for (const Nudge& nudge : nudges) {
    const std::string given = nudge.assignment();
    const std::string idle = config_keys::idle(*config_keys::find(nudge.key), config);
    if (nudge.key == "train.epochs" && !idle.empty())
      throw Error(ExitStatus::usage, fmt::format("{} {}; nudge train.steps instead", given, idle));
    if ((nudge.key == "train.epochs" || nudge.key == "train.steps") && total <= done)
      throw Error(ExitStatus::usage,
                  fmt::format("{} makes {}, and the run will have done {} by then; give more, or stop it with "
                              "SIGUSR1",
                              given, counted(total, "update"), done));
  }
}

}  // namespace

NudgeDesk::NudgeDesk(const std::string& run) : folder_(RunPaths{run}.requests()), owner_(run_owner(run)) {
  std::error_code none;
  for (const fs::path& file : files(".reply")) fs::remove(file, none);
}

std::vector<fs::path> NudgeDesk::files(const std::string& extension) const {
  std::vector<fs::path> found;
  std::error_code none;  // no folder: no requests
  for (fs::directory_iterator at(folder_, none), end; !none && at != end; at.increment(none)) {
    if (at->path().extension() == extension && !unreadable_.contains(at->path())) found.push_back(at->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool NudgeDesk::has_visitors() {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < between_looks) return false;
  looked_ = now;
  return !files(".json").empty();
}

std::vector<NudgeDesk::Visitor> NudgeDesk::admit() {
  std::vector<Visitor> visitors;
  for (const fs::path& file : files(".json")) {
    try {
      const NudgeRequestFile request = parse_nudge_request(read_text(file));
      std::error_code none;
      const bool claimed = fs::remove(file, none);  // else it was withdrawn in this moment
      if (claimed && request.owner == owner_) visitors.push_back({fs::path(file).replace_extension(".reply"), request});
    } catch (const Error& e) {
      std::error_code none;
      if (e.status() == ExitStatus::no_input) continue;  // withdrawn
      if (e.status() != ExitStatus::bad_data || !fs::remove(file, none)) unreadable_.insert(file);
      log_warning("a nudge that cannot be read is ignored: " + std::string(e.what()));
    }
  }
  return visitors;
}

void NudgeDesk::answer(const Visitor& visitor, const NudgeReply& reply) {
  try {
    write_text_atomically(visitor.reply, to_json(reply));
  } catch (const Error& e) {
    log_warning("a nudge was not answered: " + std::string(e.what()));
  }
}

std::vector<Nudge> judge_nudge(const NudgeRequestFile& request, const Config& start, const NudgeJournal& journal,
                               std::int64_t done, const std::function<std::int64_t(const Config&)>& total_steps) {
  const std::int64_t step = request.at_step.value_or(done + 1);
  if (step <= done)
    throw Error(ExitStatus::usage, fmt::format("--at-step is {}, but the run has done {}; give {} or more", step,
                                               counted(done, "update"), done + 1));
  // One step after the last is still in reach: that is where a nudge of train.epochs lets a run go on.
  const std::int64_t last = last_step(start, journal, done, total_steps);
  if (step > last + 1)
    throw Error(ExitStatus::usage,
                fmt::format("--at-step is {}, but the run ends with step {}; nudge train.epochs or train.steps first",
                            step, last));
  Config config = journal.config_at(start, step);
  std::vector<Nudge> nudges;
  for (const std::string& setting : request.settings) {
    for (const Nudge& nudge : parse_nudge(config, setting, step)) nudges.push_back(nudge);
    set_keys(config, setting);
  }
  check_end(nudges, config, step - 1, total_steps(config));
  return nudges;
}

std::vector<std::string> notes_on_nudges(const std::vector<Nudge>& nudges, const Config& start,
                                         const NudgeJournal& journal, const RunProgress& progress,
                                         const std::function<std::int64_t(const Config&)>& total_steps) {
  std::vector<std::string> notes;
  if (nudges.empty()) return notes;
  const std::int64_t step = nudges.front().step;
  const Config config = journal.config_at(start, step);
  for (const Nudge& nudge : nudges) {
    if (std::string line = config_keys::idle_line(*config_keys::find(nudge.key), config); !line.empty())
      notes.push_back(std::move(line));
  }
  const std::int64_t last = last_step(start, journal, progress.step, total_steps);
  const std::int64_t patience = config.train.early_stopping.patience;
  if (step > last) {
    notes.push_back(
        fmt::format("the run ends with step {}: nothing acts from step {} on, unless train.epochs or "
                    "train.steps is raised",
                    last, step));
  } else if (patience > 0 && progress.stale_evaluations >= patience) {
    notes.push_back(
        fmt::format("the run ends with step {}, early{}: {} without progress already, and "
                    "train.early_stopping.patience is {}",
                    step - 1, step - 1 > progress.step ? ", unless one until then makes progress" : "",
                    counted(progress.stale_evaluations, "evaluation is", "evaluations are"), patience));
  }
  return notes;
}

NudgeReply note_nudges(const NudgeRequestFile& request,
                       const std::function<std::vector<Nudge>(const NudgeRequestFile&)>& judge,
                       const std::function<void(const std::string& lines)>& write, NudgeJournal& journal) try {
  NudgeJournal longer = journal;
  NudgeReply reply;
  for (const Nudge& nudge : judge(request)) {
    longer.add(nudge);
    reply.text += to_json_line(nudge);
  }
  write(longer.text());
  journal = longer;
  return reply;
} catch (const Error& e) {
  if (e.status() == ExitStatus::taken) throw;  // that concerns this run, not the one who asks
  return {e.status(), e.what()};
}

}  // namespace shoal
