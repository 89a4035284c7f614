#include "shoal/tune/sweep_pace.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/run_paths.hpp"
#include "tune/outcome.hpp"
#include "tune/search_plan.hpp"
#include "tune/sweep_directory.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// Epochs of the first trainings of a trial, up to that of a rung; without halving a training counts as one.
std::int64_t work_until(const SearchPlan& plan, std::int64_t rung) {
  return std::max<std::int64_t>(1, plan.epochs_of_rung(rung));
}

/// What a job has left in the folder.
struct Job {
  std::int64_t began_ns = 0;      // of the system's clock, as the name of its claims has it
  std::set<std::string> claimed;  // trainings, as training_name() has them
  std::set<std::string> finished;
  double work = 0.0;

  std::int64_t running() const {
    return std::count_if(claimed.begin(), claimed.end(), [this](const auto& name) { return !finished.contains(name); });
  }
};

void read_journal(const fs::path& file, const SearchPlan& plan, Job& job) try {
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);) {
    const auto outcome = parse_outcome(line);
    if (!outcome) continue;
    job.finished.insert(training_name(outcome->rung, {outcome->trial, outcome->fold}));
    const std::int64_t before = outcome->rung > 0 ? work_until(plan, outcome->rung - 1) : 0;
    job.work += static_cast<double>(work_until(plan, outcome->rung) - before);
  }
} catch (const Error& e) {
  if (e.status() != ExitStatus::no_input) throw;  // another job goes on: it makes one journal of all
}

void read_claims(const fs::path& folder, Job& job) {
  const std::string prefix = fs::path(SweepPaths{}.claims("")).filename().string();
  const std::string digits = folder.filename().string().substr(prefix.size());
  std::int64_t began = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), began);
  if (began <= job.began_ns) return;
  job.began_ns = began;
  job.claimed.clear();
  std::error_code none;
  for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
    if (auto name = training_of_claim(at->path().filename().string())) job.claimed.insert(std::move(*name));
  }
}

Job read_job_once(const fs::path& folder, const SearchPlan& plan) {
  Job job;
  std::error_code none;
  std::vector<fs::path> journals;
  for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
    const std::string name = at->path().filename().string();
    if (SweepPaths::is_claims(name)) read_claims(at->path(), job);
    if (SweepPaths::is_journal(name) && at->path() != SweepPaths{folder.string()}.old_journal())
      journals.push_back(at->path());
  }
  for (const fs::path& journal : journals) read_journal(journal, plan, job);
  return job;
}

/// The claims and journals of one moment: a training that ends between the two readings, and the next one's claim,
/// would make one more or one less.
Job read_job(const fs::path& folder, const SearchPlan& plan) {
  constexpr int most_readings = 5;
  Job job = read_job_once(folder, plan);
  for (int reading = 1; reading < most_readings; ++reading) {
    Job again = read_job_once(folder, plan);
    const bool still = again.claimed == job.claimed && again.finished == job.finished;
    job = std::move(again);
    if (still) break;
  }
  return job;
}

}  // namespace

SweepPace pace_of(const SweepView& view) {
  const SearchPlan plan(view.config.sweep, view.config.seed, view.config.train.epochs);
  double done = 0.0;
  const auto models = static_cast<double>(view.config.sweep.models());
  auto total = static_cast<double>(plan.total_work());
  for (const TrialRow& row : view.rows) {
    if (row.same_as) {  // the plan knows it of the first round
      if (row.round > 0) total -= models * static_cast<double>(work_until(plan, 0));
      continue;
    }
    const bool trained = !row.curve.empty() || row.status == "failed";
    const auto before = trained ? static_cast<double>(work_until(plan, row.rung)) : 0.0;
    done += models * before;
    if (row.parts_done == 0) continue;
    const std::int64_t rung = trained ? row.rung + 1 : 0;
    done += static_cast<double>(row.parts_done) * (static_cast<double>(work_until(plan, rung)) - before);
  }
  SweepPace pace;
  pace.share = total > 0.0 ? std::clamp(done / total, 0.0, 1.0) : 0.0;
  if (!view.under_way) return pace;
  const Job job = read_job(view.folder, plan);
  if (job.began_ns == 0) return pace;
  pace.running = job.running();
  const auto now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
  pace.seconds_gone = std::max(0.0, static_cast<double>(now.count() - job.began_ns) * 1e-9);
  if (job.work > 0.0) pace.seconds_left = *pace.seconds_gone * std::max(0.0, total - done) / job.work;
  return pace;
}

}  // namespace shoal
