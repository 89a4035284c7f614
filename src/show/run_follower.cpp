#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <variant>

#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/job_log.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_pulse.hpp"
#include "shoal/show/watch.hpp"

namespace shoal {

struct RunFollower::State {
  explicit State(const std::string& run) : pulse(run) { view.run = run; }

  RunView view;
  RunPulse pulse;
  std::int64_t offset = 0;  // bytes of metrics.jsonl that were read, whole lines
  std::string last_line;

  std::vector<std::int64_t> beginnings;

  void read_settings();
  bool begins_after(std::int64_t before, std::int64_t step) const;
  void read_metrics();
  void read_line(const std::string& line);
  std::string read_new(const RandomAccessFile& file);
};

void RunFollower::State::read_settings() {
  view.start = load_config(RunPaths{view.run}.config(), {});
  view.journal = NudgeJournal::of_run(view.run);
  beginnings = beginnings_of(jobs_of_run(view.run));
}

/// Whether a job began behind the one step that made the other.
bool RunFollower::State::begins_after(std::int64_t before, std::int64_t step) const {
  return std::ranges::any_of(beginnings, [&](std::int64_t after) { return before <= after && after < step; });
}

void RunFollower::State::read_line(const std::string& line) {
  const auto read = parse_metrics_line(line);
  if (!read) return;
  if (const auto* evaluation = std::get_if<EvaluationRecord>(&*read)) {
    if (evaluation->epoch > 0 && evaluation->step % evaluation->epoch == 0)  // at the end of it
      view.steps_per_epoch = std::max(view.steps_per_epoch, evaluation->step / evaluation->epoch);
    if (!std::isfinite(evaluation->loss)) return;
    add_evaluation(view.evaluations, *evaluation);
    // One that a nudge or another config named before is not what is compared now.
    if (evaluation->metric != short_name(view.start.train.metric)) view.evaluations.back().metric.clear();
    return;
  }
  const auto& step = std::get<StepRecord>(*read);
  if (!std::isfinite(step.loss)) return;
  view.loss.push_back({step.step, step.loss});
  // What a line lacks is not 0: a step too short to be timed has no samples_per_second.
  if (!std::isfinite(step.learning_rate) || !std::isfinite(step.samples_per_second)) return;
  // Times count from the beginning of a job: where they fall, another one has begun.
  const bool another = view.last && (begins_after(view.last->step, step.step) || step.time < view.last->time);
  if (another && std::isfinite(view.last->time)) view.seconds_before += view.last->time;
  if (!view.last || another) view.first = step;
  view.last = step;
}

/// The whole lines that were added. A run that goes on from an earlier checkpoint cuts its file: then all of it is new.
std::string RunFollower::State::read_new(const RandomAccessFile& file) {
  const auto last = static_cast<std::int64_t>(last_line.size());
  if (file.size() < offset || file.text(offset - last, offset) != last_line) {
    offset = 0;
    last_line.clear();
    view.loss.clear();
    view.evaluations.clear();
    view.last.reset();
    view.first.reset();
    view.seconds_before = 0.0;
    view.steps_per_epoch = 0;
  }
  std::string text = file.text(offset, file.size());
  text.erase(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  offset += static_cast<std::int64_t>(text.size());
  return text;
}

void RunFollower::State::read_metrics() {
  std::error_code none;
  if (!std::filesystem::exists(RunPaths{view.run}.metrics(), none)) return;  // no step yet
  const std::string text = read_new(RandomAccessFile(RunPaths{view.run}.metrics()));
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin) + 1;
    last_line = text.substr(begin, end - begin);
    read_line(last_line);
    begin = end;
  }
}

std::int64_t RunView::total_steps() const {
  return now.train.steps > 0 ? now.train.steps : now.train.epochs * steps_per_epoch;
}

RunFollower::RunFollower(const std::string& run) {
  RunDirectory::require(run);
  state_ = std::make_unique<State>(run);
}
RunFollower::RunFollower(RunFollower&&) noexcept = default;
RunFollower::~RunFollower() = default;

const RunView& RunFollower::refresh() {
  State& state = *state_;
  state.view.under_way = state.pulse.anyone_beats();
  state.view.paused = is_paused(RunPaths{state.view.run}, state.view.under_way);
  state.read_settings();
  state.read_metrics();
  state.view.now = state.view.journal.config_at(state.view.start, state.view.last ? state.view.last->step + 1 : 1);
  return state.view;
}

}  // namespace shoal
