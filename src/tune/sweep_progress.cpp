#include "tune/sweep_progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "shoal/core/log.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds between_looks{1};
constexpr std::chrono::seconds between_lines{10};
constexpr std::size_t columns = 79;

}  // namespace

std::string format_sweep_line(const SweepState& state) {
  std::string line =
      fmt::format("{} of {} done, {} running, {} failed", state.done, state.jobs, state.running, state.failed);
  if (state.seconds_left) line += fmt::format(", {} left", format_duration(*state.seconds_left));
  if (state.best) line += fmt::format(", best {:.4g} (trial {})", *state.best, state.best_trial);
  return line;
}

SweepProgress::SweepProgress(ProgressStyle style, const SweepSettings& settings, const SearchPlan& plan,
                             std::vector<std::string> journals, std::int64_t groups)
    : style_(style),
      metric_(settings.metric),
      models_(settings.models()),
      plan_(plan),
      groups_(groups),
      gatherer_(settings),
      started_(Clock::now()),
      looked_(started_),
      shown_(started_) {
  for (std::string& path : journals) journals_.push_back({std::move(path)});
}

void SweepProgress::begin_stage(const Stage& stage, const std::vector<Outcome>& known) {
  state_.jobs = plan_.total_jobs();  // fewer than thought where trials of this round equal earlier ones
  job_work_ = SearchPlan::work_of(stage, stage.rung > 0 ? plan_.epochs_of_rung(stage.rung - 1) : 0);
  stage_left_ = static_cast<std::int64_t>(stage.trials.size()) * models_;
  for (const Outcome& outcome : known) {
    count(outcome);
    work_known_ += static_cast<double>(job_work_);
    work_done_ -= static_cast<double>(job_work_);
  }
}

void SweepProgress::count(const Outcome& part) {
  ++state_.done;
  --stage_left_;
  work_done_ += static_cast<double>(job_work_);
  if (part.failed) ++state_.failed;
  const std::optional<Outcome> outcome = gatherer_.take(part);
  if (!outcome || outcome->failed) return;
  const Score score = score_of(*outcome, metric_);
  if (outcome->rung < best_rung_ || (outcome->rung == best_rung_ && score >= best_score_)) return;
  best_rung_ = outcome->rung;
  best_score_ = score;
  state_.best = metric_at(outcome->curve.back(), metric_);
  state_.best_trial = outcome->trial;
}

void SweepProgress::finished(const Outcome& outcome) {
  count(outcome);
  looked_ = {};
  tick();
}

void SweepProgress::read(Journal& journal) {
  std::ifstream file(journal.path, std::ios::binary);
  file.seekg(journal.offset);
  for (std::string line; std::getline(file, line) && !file.eof();) {  // a line that ends at the end is not whole yet
    journal.offset += static_cast<std::int64_t>(line.size()) + 1;
    if (const auto outcome = parse_outcome(line)) count(*outcome);
  }
}

void SweepProgress::tick() {
  const Clock::time_point now = Clock::now();
  if (style_ == ProgressStyle::none || now - looked_ < between_looks) return;
  looked_ = now;
  for (Journal& journal : journals_) read(journal);
  const bool line = style_ == ProgressStyle::lines;
  if (!line || now - shown_ >= between_lines) show(now);
}

void SweepProgress::show(Clock::time_point now) {
  shown_ = now;
  state_.running = std::clamp<std::int64_t>(stage_left_, 0, groups_);
  const double left = static_cast<double>(plan_.total_work()) - work_known_ - work_done_;
  state_.seconds_left.reset();
  if (work_done_ > 0.0)
    state_.seconds_left = std::chrono::duration<double>(now - started_).count() * std::max(0.0, left) / work_done_;
  const std::string line = format_sweep_line(state_);
  if (style_ == ProgressStyle::lines) {
    log_info(line);
    return;
  }
  const std::string drawn = "\r\x1b[K" + line.substr(0, columns);
  std::fwrite(drawn.data(), 1, drawn.size(), stderr);
  std::fflush(stderr);
  line_is_drawn_ = true;
}

void SweepProgress::clear() {
  if (!line_is_drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  line_is_drawn_ = false;
}

}  // namespace shoal
