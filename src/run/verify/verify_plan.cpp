#include "run/verify/verify_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <utility>

#include "run/run_plan.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/run/digest_chain.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/train/checkpoint.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// What one of the checkpoints that are left says of the run; empty where none is sound.
std::optional<Archive> any_sound(const std::string& run, const std::vector<std::int64_t>& kept) {
  for (auto step = kept.rbegin(); step != kept.rend(); ++step) {
    try {
      return load_checkpoint(RunPaths{run}.checkpoint(*step)).archive;
    } catch (const Error& e) {
      if (e.status() != ExitStatus::bad_data && e.status() != ExitStatus::no_input) throw;
    }
  }
  return std::nullopt;
}

/// How the first leg begins. A branch begins as a checkpoint of its parent, which may be gone or another by now.
VerifyLeg first_leg(std::int64_t first, const std::string& parent) {
  VerifyLeg leg;
  if (parent.empty()) return leg;
  try {
    if (read_progress(load_checkpoint(parent).archive).step == first) {
      leg.start = parent;
      return leg;
    }
    leg.unknown = fmt::format("the run branched from {}, which is not of step {} any more", parent, first);
  } catch (const Error& e) {
    leg.unknown = fmt::format("the run branched from {}, which cannot be read: {}", parent, e.what());
  }
  return leg;
}

/// The steps whose stretches the request names, out of those there are.
std::set<std::int64_t> chosen(const VerifyRequest& request, const std::vector<std::int64_t>& points) {
  if (request.segments) {
    std::vector<std::int64_t> drawn;
    std::sample(points.begin(), points.end(), std::back_inserter(drawn), *request.segments,
                std::mt19937_64(std::random_device()()));
    return {drawn.begin(), drawn.end()};
  }
  if (request.to && *request.to > points.back())
    throw Error(ExitStatus::usage, fmt::format("{} has no checkpoint of step {} or later; its last is of step {}",
                                               request.run, *request.to, points.back()));
  std::set<std::int64_t> steps;
  std::int64_t before = -1;
  for (const std::int64_t to : points) {
    const bool late_enough = !request.from || to > *request.from;
    const bool early_enough = !request.to || before < *request.to;
    if (late_enough && early_enough) steps.insert(to);
    before = to;
  }
  if (steps.empty())
    throw Error(ExitStatus::usage, fmt::format("{} has no checkpoint after step {}; its last is of step {}",
                                               request.run, request.from.value_or(0), points.back()));
  return steps;
}

void check_request(const VerifyRequest& request) {
  if ((request.from || request.to) && (request.segments || request.all))
    throw Error(ExitStatus::usage, "--from and --to exclude --segments and --all; give the ones or the others");
  if (request.segments && request.all)
    throw Error(ExitStatus::usage, "--segments and --all exclude each other; give one of them");
  if (request.segments && *request.segments < 1)
    throw Error(ExitStatus::usage, fmt::format("--segments is {}; it must be 1 or more", *request.segments));
  if (request.from && *request.from < 0)
    throw Error(ExitStatus::usage, fmt::format("--from is {}; it must be a step, 0 or more", *request.from));
  if (request.to && *request.to <= request.from.value_or(0))
    throw Error(ExitStatus::usage,
                fmt::format("--to is {}; it must be a step after {}", *request.to, request.from.value_or(0)));
}

}  // namespace

VerifyPlan plan_verification(const VerifyRequest& request) {
  check_request(request);
  RunDirectory::require(request.run);
  if (RunDirectory::is_going_back(request.run))
    throw Error(ExitStatus::taken,
                fmt::format("{0} is going back to an earlier step, and has saved nothing since; wait for its first "
                            "checkpoint, or go on with --run {1} --resume auto",
                            request.run, shell_word(request.run)));
  VerifyPlan plan;
  plan.run = request.run;
  plan.config = config_to_repeat(request.run, request.sets, "verify");
  plan.journal = NudgeJournal::of_run(request.run);
  const DigestChain chain = DigestChain::of_run(request.run);
  plan.chain_fault = chain.fault();
  const std::vector<std::int64_t> kept = RunDirectory::checkpoint_steps(request.run);
  for (const DigestRecord& record : chain.records()) plan.recorded[record.step] = record.digest;
  if (chain.records().empty()) {
    log_warning(request.run +
                " has no digests.jsonl: it was made by an older version, or the file was removed; what lies between "
                "checkpoints that are left is verified, and what was pruned leaves no trace");
  } else if (plan.chain_fault.empty()) {
    // The newest may have been saved by a process that ended in front of its line.
    for (const std::int64_t step : kept) {
      if (step > chain.records().front().step && step < kept.back() && !plan.recorded.contains(step))
        plan.chain_fault = fmt::format("{} has no line for {}, which lies there", RunPaths{request.run}.digests(),
                                       RunPaths::checkpoint_name(step));
    }
  }
  std::set<std::int64_t> all(kept.begin(), kept.end());
  for (const auto& [step, digest] : plan.recorded) all.insert(step);
  const std::vector<std::int64_t> points(all.begin(), all.end());
  if (points.empty())
    throw Error(ExitStatus::no_input, fmt::format("{} has no checkpoints any more; name another run", request.run));
  const std::optional<Archive> sound = any_sound(request.run, kept);
  if (sound) plan.content = read_description(*sound).content;
  plan.init_from = sound ? attribute_or_empty(*sound, CheckpointNames::init_from) : "";

  const std::set<std::int64_t> wanted = chosen(request, points);
  VerifyLeg leg = first_leg(points.front(), sound ? attribute_or_empty(*sound, CheckpointNames::parent) : "");
  std::vector<std::int64_t> passed;  // behind the last that is wanted
  std::int64_t before = -1;
  const auto close = [&](VerifyLeg next) {
    if (!leg.to.empty()) plan.legs.push_back(std::move(leg));
    leg = std::move(next);
    passed.clear();
  };
  for (const std::int64_t step : points) {
    passed.push_back(step);
    if (wanted.contains(step)) leg.to.insert(leg.to.end(), passed.begin(), passed.end());
    if (wanted.contains(step)) passed.clear();
    before = step;
    if (std::binary_search(kept.begin(), kept.end(), step))
      close({RunPaths{request.run}.checkpoint(step), before, {}, {}});
  }
  close({});
  return plan;
}

void share_plan(VerifyPlan& plan, const Communicator& comm) {
  Json legs = Json::array();
  for (const VerifyLeg& leg : plan.legs)
    legs.push(Json::object({{"start", leg.start}, {"before", leg.before}, {"to", leg.to}, {"unknown", leg.unknown}}));
  std::string toml = comm.rank() == 0 ? to_toml(plan.config) : "";
  std::string journal = plan.journal.text();
  std::string list = legs.text();
  for (std::string* text : {&plan.run, &toml, &journal, &plan.init_from, &plan.content, &list})
    comm.broadcast_string(*text);
  run_together(comm, [&] {
    if (comm.rank() == 0) return;
    plan.config = parse_config(toml, "config", "/");
    plan.journal = NudgeJournal::parse(journal, "journal");
    const Json shared = Json::parse(list);
    for (const Json& each : shared.items()) {
      VerifyLeg leg{each.at("start").string(), each.at("before").integer(), {}, each.at("unknown").string()};
      for (const Json& step : each.at("to").items()) leg.to.push_back(step.integer());
      plan.legs.push_back(std::move(leg));
    }
  });
}

}  // namespace shoal
