#include "shoal/run/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "run/known_data.hpp"
#include "run/verify/verify_plan.hpp"
#include "shoal/comm/alike.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/config/difference.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/io/path.hpp"
#include "shoal/run/run_paths.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/held_data.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/train/loaded_checkpoint.hpp"
#include "shoal/train/same_data.hpp"
#include "shoal/train/training.hpp"

namespace shoal {
namespace {

using Names = CheckpointNames;
using Verdict = VerifiedStretch::Verdict;

/// What a digest covers comes first, the weights before all.
std::size_t rank_of(const std::string& path) {
  constexpr std::array groups = {Names::parameters, Names::statistics, Names::moments, Names::averaged_parameters,
                                 Names::averaged_statistics};
  const auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const char* name) { return path.starts_with(Names::in(name, "")); });
  return static_cast<std::size_t>(group - groups.begin());
}

/// No bit of the parameters comes from these, and a run that goes back or is judged less often has others.
bool is_judgement(const std::string& path) {
  constexpr std::array names = {"best_step", "best_loss", "best_score", "least_loss", "stale_evaluations"};
  return std::any_of(names.begin(), names.end(),
                     [&](const char* name) { return path == Names::in(Names::progress, name); });
}

/// The first array of a checkpoint that is not the same in `found`; empty: none. What only one of them has is of
/// another version, unless it is something that a digest covers, whose digest then differs.
std::string first_other_array(const Archive& checkpoint, const Archive& found) {
  std::string first;
  for (const NamedArray& array : checkpoint.arrays) {
    const NamedArray* other = found.find(array.path);
    if (is_judgement(array.path) || (other == nullptr && rank_of(array.path) == rank_of(""))) continue;
    if (other != nullptr && *other == array) continue;
    const auto place = [](const std::string& path) { return std::pair(rank_of(path), path); };
    if (first.empty() || place(array.path) < place(first)) first = array.path;
  }
  return first;
}

/// In the order in which they act.
std::string acting_nudges(const NudgeJournal& journal, std::int64_t step) {
  std::vector<Nudge> acting = journal.up_to(step).nudges();
  std::stable_sort(acting.begin(), acting.end(), [](const Nudge& a, const Nudge& b) { return a.step < b.step; });
  std::string lines;
  for (const Nudge& nudge : acting) lines += to_json_line(nudge);
  return lines;
}

/// What config.toml and nudges.jsonl say that a checkpoint contradicts; empty: nothing.
std::string contradiction(const Archive& checkpoint, const VerifyPlan& plan, std::int64_t step) {
  const NudgeJournal journal =
      NudgeJournal::parse(checkpoint.text(Names::journal), "the journal in " + checkpoint.name);
  if (acting_nudges(journal, step) != acting_nudges(plan.journal, step))
    return fmt::format("{} is not the journal in {}", RunPaths::nudges_name, RunPaths::checkpoint_name(step));
  const Config config = read_config(checkpoint);
  for (const std::string& key : differing_keys(config, plan.config)) {
    if (changes_no_bit(key, config) && changes_no_bit(key, plan.config)) continue;
    const ConfigDifference change = first_difference(plan.config, config, key);
    return fmt::format("{} has {} = {}, and {} {}", RunPaths::config_name, change.place, change.first,
                       RunPaths::checkpoint_name(step), change.second);
  }
  return "";
}

void add_remark(VerifiedStretch& stretch, const std::string& remark) {
  if (remark.empty()) return;
  stretch.remark += (stretch.remark.empty() ? "" : "; ") + remark;
}

std::string steps_text(const VerifiedStretch& stretch) {
  return stretch.from < 0 ? fmt::format("from the start to step {}", stretch.to)
                          : fmt::format("steps {} to {}", stretch.from, stretch.to);
}

class Verifier {
 public:
  Verifier(const VerifyPlan& plan, const Dataset& dataset, Communicator& comm)
      : plan_(plan), dataset_(dataset), comm_(comm) {}

  void verify(const VerifyLeg& leg);
  std::vector<VerifiedStretch> take() { return std::move(stretches_); }

 private:
  void begin(const VerifyLeg& leg);
  void train_until(std::int64_t step);
  VerifiedStretch compare(std::int64_t from, std::int64_t to);
  VerifiedStretch judge(std::int64_t from, std::int64_t to, const Archive& state) const;
  std::string recorded(std::int64_t step) const;
  void report(VerifiedStretch stretch);

  const VerifyPlan& plan_;
  const Dataset& dataset_;
  Communicator& comm_;
  std::optional<Training> training_;
  std::vector<VerifiedStretch> stretches_;  // on rank 0
};

/// Rank 0. By digests.jsonl, else by the checkpoint itself; empty where that cannot be read.
std::string Verifier::recorded(std::int64_t step) const try {
  if (const auto line = plan_.recorded.find(step); line != plan_.recorded.end()) return line->second;
  return digest(load_checkpoint(RunPaths{plan_.run}.checkpoint(step)).archive);
} catch (const Error&) {
  return "";
}

void Verifier::report(VerifiedStretch stretch) {
  const std::string verdict = stretch.verdict == Verdict::same      ? "the same, " + stretch.found
                              : stretch.verdict == Verdict::differs ? "different"
                                                                    : "not verified";
  log_info(fmt::format("{}: {}", steps_text(stretch), verdict));
  stretches_.push_back(std::move(stretch));
}

void Verifier::begin(const VerifyLeg& leg) {
  training_.reset();
  std::optional<Archive> start;
  if (!leg.start.empty()) start = load_together(leg.start, comm_);
  std::optional<TrainingData> data;
  run_together(comm_, [&] {
    data = select_data(dataset_, plan_.config);
    if (start) go_on_with(*start, leg.start, dataset_, *data, plan_.config);
  });
  hold_rows(*data, comm_);
  if (!start) learn_columns(*data, comm_);
  run_together(comm_, [&] {
    const Config config = plan_.journal.config_at(plan_.config, start ? read_progress(*start).step : 0);
    check_memory(config, *data, HostLoad::of(comm_));
    training_.emplace(config, make_model(config, *data), *data, comm_);
  });
  training_->allocate();
  if (start) {
    run_together(comm_, [&] { training_->restore(*start); });
    return;
  }
  training_->start();
  if (plan_.init_from.empty()) return;
  const Archive init = load_together(plan_.init_from, comm_);
  run_together(comm_, [&] { training_->adopt(init); });
}

/// As the run loop does, but for what it writes.
void Verifier::train_until(std::int64_t step) {
  while (training_->progress().step < step) {
    const std::int64_t next = training_->progress().step + 1;
    if (plan_.journal.acts_on(next)) training_->reconfigure(plan_.journal.config_at(plan_.config, next));
    if (training_->finished())
      throw SharedError(ExitStatus::bad_data, fmt::format("trained again it ends after step {}", next - 1));
    static_cast<void>(training_->end_epoch(training_->advance({})));
  }
}

/// Rank 0.
VerifiedStretch Verifier::judge(std::int64_t from, std::int64_t to, const Archive& state) const {
  VerifiedStretch stretch{from, to, recorded(to), digest(state), Verdict::same, "", ""};
  if (stretch.recorded.empty()) {
    stretch.verdict = Verdict::unknown;
    add_remark(stretch, "its checkpoint was pruned meanwhile, and digests.jsonl had no line for it yet");
    return stretch;
  }
  bool differs = stretch.found != stretch.recorded;
  const std::string path = RunPaths{plan_.run}.checkpoint(to);
  std::error_code none;
  if (!std::filesystem::exists(path, none)) {
    if (differs) add_remark(stretch, "its checkpoint was pruned, so that no array can be compared");
  } else {
    try {
      const Archive checkpoint = load_checkpoint(path).archive;
      stretch.array = first_other_array(checkpoint, state);
      const std::string own = digest(checkpoint);
      if (own != stretch.recorded)
        add_remark(stretch, fmt::format("{} has the digest {}, and {} {}", RunPaths::checkpoint_name(to), own,
                                        RunPaths::digests_name, stretch.recorded));
      const std::string other = contradiction(checkpoint, plan_, to);
      add_remark(stretch, other);
      differs = differs || own != stretch.recorded || !stretch.array.empty() || !other.empty();
      if (differs &&
          checkpoint.attribute<std::string>(Names::kernel_hash) != state.attribute<std::string>(Names::kernel_hash))
        add_remark(stretch, "this processor or build computes other bits than the one that trained it");
    } catch (const Error& e) {
      const bool pruned = e.status() == ExitStatus::no_input;  // since the look above
      if (!pruned || differs) add_remark(stretch, e.what());
      differs = differs || !pruned;
    }
  }
  if (differs) stretch.verdict = Verdict::differs;
  return stretch;
}

VerifiedStretch Verifier::compare(std::int64_t from, std::int64_t to) {
  train_until(to);
  Archive state = training_->snapshot();
  VerifiedStretch stretch;
  const auto judge_state = [&] {
    run_together(comm_, [&] {
      if (comm_.rank() == 0) stretch = judge(from, to, state);
    });
    return comm_.all_min(stretch.verdict == Verdict::same ? 1 : 0) == 1;
  };
  // A run that has ended here made its statistics exact, where it was asked to; one whose end was put off by then had
  // not.
  if (!judge_state() && training_->finished()) {
    static_cast<void>(training_->finish());
    state = training_->snapshot(std::move(state));
    judge_state();
  }
  return stretch;
}

void Verifier::verify(const VerifyLeg& leg) {
  std::string fault, unknown = leg.unknown;
  std::int64_t before = leg.before;
  bool begun = false;
  for (const std::int64_t to : leg.to) {
    if (unknown.empty() && fault.empty()) {
      try {
        if (!std::exchange(begun, true)) begin(leg);
        report(compare(before, to));
        before = to;
        continue;
      } catch (const SharedError& e) {
        const bool gone = e.status() == ExitStatus::no_input;  // pruned meanwhile
        if (!gone && e.status() != ExitStatus::bad_data && e.status() != ExitStatus::diverged) throw;
        (gone ? unknown : fault) = e.what();
      }
    }
    std::string own;
    run_together(comm_, [&] {
      if (comm_.rank() == 0) own = recorded(to);
    });
    report({before, to, own, "", fault.empty() ? Verdict::unknown : Verdict::differs, "",
            fault.empty() ? unknown : fault});
    before = to;
  }
}

std::string text_of(const std::vector<VerifiedStretch>& stretches) {
  Json list = Json::array();
  for (const VerifiedStretch& s : stretches)
    list.push(Json::array({s.from, s.to, s.recorded, s.found, static_cast<int>(s.verdict), s.array, s.remark}));
  return list.text();
}

std::vector<VerifiedStretch> stretches_of(const std::string& text) {
  std::vector<VerifiedStretch> stretches;
  const Json list = Json::parse(text);
  for (const Json& s : list.items())
    stretches.push_back({s.at(0).integer(), s.at(1).integer(), s.at(2).string(), s.at(3).string(),
                         static_cast<Verdict>(s.at(4).integer()), s.at(5).string(), s.at(6).string()});
  return stretches;
}

}  // namespace

const VerifiedStretch* Verification::first_different() const {
  const auto found = std::find_if(stretches.begin(), stretches.end(),
                                  [](const VerifiedStretch& s) { return s.verdict == Verdict::differs; });
  return found == stretches.end() ? nullptr : &*found;
}

Verification verify_run(const VerifyRequest& request, Communicator& comm) {
  std::optional<Watchdog> watchdog(std::in_place, comm, ParallelConfig().stall_timeout);
  std::optional<Doing> doing(std::in_place, Activity::starting);
  check_kernels(comm);
  VerifyPlan plan;
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    VerifyRequest named = request;
    named.run = named_path(request.run).string();
    plan = plan_verification(named);
  });
  share_plan(plan, comm);
  watchdog.emplace(comm, plan.config.parallel.stall_timeout);
  const Dataset dataset = open_together(plan.config.data.file, comm);
  run_together(comm, [&] {
    if (!plan.content.empty()) check_content(plan.run, plan.content, select_data(dataset, plan.config), plan.config);
  });
  doing.reset();
  Verifier verifier(plan, dataset, comm);
  for (const VerifyLeg& leg : plan.legs) verifier.verify(leg);
  std::string text = text_of(verifier.take());
  comm.broadcast_string(text);
  comm.broadcast_string(plan.chain_fault);
  return {plan.run, plan.chain_fault, stretches_of(text), comm.all_max(plan.recorded.empty() ? 0 : 1) == 1};
}

}  // namespace shoal
