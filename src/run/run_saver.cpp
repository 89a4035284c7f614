#include "run/run_saver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "run/checkpoint_size.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

constexpr std::int64_t try_again = 1;  // beside exit statuses
constexpr auto longest_silence = std::chrono::milliseconds(50);

std::chrono::seconds pause_after(std::int64_t failures) {
  constexpr std::int64_t longest = 60;
  constexpr std::int64_t most_doublings = 6;
  return std::chrono::seconds(std::min(longest, std::int64_t{1} << std::min(failures, most_doublings)));
}

}  // namespace

RunSaver::RunSaver(Training& training, RunPlan& plan, Communicator& comm)
    : training_(training), plan_(plan), comm_(comm), good_step_(plan.in_place ? training.progress().step : -1) {
  if (comm.rank() == 0) writer_.emplace(*plan.directory);
}

RunSaver::Wishes RunSaver::wishes() {
  if (!writer_) return {};
  if (const auto outcome = writer_->poll()) note(*outcome);
  const auto now = Clock::now();
  const double every = training_.config().checkpoint.every_seconds;
  const bool due = every > 0.0 && std::chrono::duration<double>(now - saved_).count() >= every;
  Wishes wishes;
  wishes.pause = retry_at_ && now < *retry_at_ ? 1.0 : 0.0;
  wishes.save = due || retry_at_ ? 1.0 : 0.0;
  wishes.status = static_cast<double>(status_);
  return wishes;
}

void RunSaver::save() {
  const Doing doing(Activity::saving);
  SHOAL_FAULT_POINT("save_begin");
  const Clock::duration interval = Clock::now() - went_on_;
  if (!training_.parameters_finite())
    throw SharedError(
        ExitStatus::diverged,
        fmt::format("parameters are not finite after step {}; lower optimizer.learning_rate or set optimizer.clip_norm",
                    training_.progress().step));
  training_.check_drift();
  if (writer_) {
    if (const auto outcome = writer_->wait()) note(*outcome);
  }
  if (const std::int64_t status = comm_.all_max(status_); status != 0) end_with(status);
  Archive archive = training_.snapshot(writer_ ? writer_->take_archive() : Archive());
  saved_ = Clock::now();
  SHOAL_FAULT_POINT("save_end");
  if (!writer_) return;
  SHOAL_FAULT_POINT("save_write");
  if (!plan_.parent.empty()) archive.attributes[CheckpointNames::parent] = plan_.parent;
  if (!plan_.init_from.empty()) archive.attributes[CheckpointNames::init_from] = plan_.init_from;
  archive.texts[CheckpointNames::config] = to_toml(plan_.config);
  archive.texts[CheckpointNames::journal] = plan_.journal.text();
  const RunProgress& progress = training_.progress();
  CheckpointJob job{std::move(archive), progress.step, progress.best_step, training_.config().checkpoint.keep, {}};
  for (const Nudge& nudge : plan_.journal.nudges()) job.spared.push_back(nudge.step - 1);
  writer_->begin(std::move(job));
  if (interval < took_) {
    if (const auto outcome = writer_->wait()) note(*outcome);
  }
  went_on_ = Clock::now();
}

void RunSaver::save_and_wait(bool patient) {
  const Doing doing(Activity::saving);
  for (;;) {
    save();
    std::int64_t next = 0;
    if (writer_) {
      if (const auto outcome = writer_->wait()) note(*outcome);
      if (status_ == 0 && failures_ > 0 && !patient) status_ = static_cast<std::int64_t>(ExitStatus::input_output);
      next = status_ != 0 ? status_ : (failures_ > 0 ? try_again : 0);
    }
    next = comm_.all_max(next);
    went_on_ = Clock::now();
    if (next == 0) return;
    if (next != try_again) end_with(next);
    pause();
  }
}

void RunSaver::pause() {
  for (bool more = true; more;) {
    const auto left = retry_at_ ? *retry_at_ - Clock::now() : Clock::duration::zero();
    more = left > Clock::duration::zero();
    if (more) std::this_thread::sleep_for(std::min<Clock::duration>(left, longest_silence));
    more = comm_.all_max(more ? 1 : 0) != 0;
  }
}

void RunSaver::note(const SaveOutcome& outcome) {
  took_ = outcome.took;
  if (outcome.status == ExitStatus::done) {
    good_step_ = outcome.step;
    failures_ = 0;
    retry_at_.reset();
    return;
  }
  ++failures_;
  fault_ = outcome.fault;
  if (outcome.status != ExitStatus::input_output || failures_ >= training_.config().checkpoint.give_up) {
    status_ = static_cast<std::int64_t>(outcome.status);
    return;
  }
  const auto pause = pause_after(failures_);
  retry_at_ = Clock::now() + pause;
  // The first of a new run is not tried again; its fault is what the run ends with.
  if (good_step_ >= 0)
    log_warning(fmt::format("{}; training goes on and saves again in {} s, {}", fault_, pause.count(), good()));
}

void RunSaver::end_with(std::int64_t status) {
  std::string message = fault_ + "; " + good();
  comm_.broadcast_string(message);
  throw SharedError(static_cast<ExitStatus>(status), message);
}

void RunSaver::check_space() {
  run_together(comm_, [&] {
    if (!writer_) return;
    const std::optional<std::uint64_t> left = free_bytes(plan_.run);
    const auto one = static_cast<std::uint64_t>(checkpoint_bytes(training_, training_.config()));
    if (!left) return;
    if (*left < one && good_step_ < 0)
      throw Error(
          ExitStatus::input_output,
          fmt::format("{} has {} bytes left, and a checkpoint of this model takes about {}; free some space, or "
                      "name another place with --run",
                      plan_.run, *left, one));
    // Step 0, `best`, and the one being written come on top of those that `keep` counts.
    const std::int64_t most = training_.config().checkpoint.keep + 3;
    if (*left < one * static_cast<std::uint64_t>(most))
      log_warning(
          fmt::format("{} has {} bytes left, and the {} checkpoints that it may hold take about {}; free some space, "
                      "or set checkpoint.keep lower",
                      plan_.run, *left, most, one * static_cast<std::uint64_t>(most)));
  });
}

std::string RunSaver::good() const {
  if (good_step_ < 0) return "no checkpoint was written";
  const std::string file = RunPaths{plan_.run}.checkpoint(good_step_);
  std::error_code none;
  if (!std::filesystem::exists(file, none))
    return fmt::format("the last good checkpoint was that of step {}", good_step_);
  return "the last good checkpoint is " + file;
}

std::string RunSaver::last_good() {
  const Doing doing(Activity::saving);
  if (writer_) {
    if (const auto outcome = writer_->wait()) note(*outcome);
  }
  std::string text = good();
  comm_.broadcast_string(text);  // which saves succeeded is known to rank 0
  return text;
}

}  // namespace shoal
