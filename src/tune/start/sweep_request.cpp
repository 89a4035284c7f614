#include "tune/start/sweep_request.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <variant>

#include "shoal/config/difference.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_paths.hpp"
#include "shoal/train/same_data.hpp"
#include "shoal/tune/search_space.hpp"
#include "tune/sweep_directory.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t usual_folds = 5;

void make_cross_validation(Config& config) {
  const SweepSettings& was = config.sweep;
  SweepSettings one;
  one.trials = 1;
  one.metric = was.metric;
  one.ranks_per_trial = was.ranks_per_trial;
  one.folds = was.folded() ? was.folds : usual_folds;
  one.final_fit = was.final_fit == FinalFit::yes ? FinalFit::yes : FinalFit::no;
  if (!was.space.empty()) log_info("[sweep.space] is not searched: the config itself is cross-validated");
  config.sweep = one;
}

/// Trials are compared by train.metric, where it alone was given.
void compare_by_train_metric(Config& config) {
  if (!config.places.contains("train.metric") || config.places.contains("sweep.metric")) return;
  config.sweep.metric = config.train.metric;
  config.places["sweep.metric"] = config.place_of("train.metric");
}

/// The config to go on with: the sweep's own, or the one given, which must agree in all that reaches the results.
Config continued_config(const SweepRequest& request, const std::string& folder) {
  const std::string path = SweepPaths{folder}.config();
  Config kept = parse_config(read_text(path), path, "/");
  const bool told = kept.places.contains("data.normalize_targets");
  take_targets_as_before(kept);
  Config wanted =
      request.config ? load_config(request.config, request.sets) : parse_config(to_toml(kept), path, "/", request.sets);
  if (!told) take_targets_as_before(wanted);
  if (request.cross_validates) make_cross_validation(wanted);
  count_members(wanted);
  compare_by_train_metric(wanted);
  if (wanted.sweep.round == 0) wanted.sweep.round = kept.sweep.round;
  for (const std::string& key : differing_keys(kept, wanted)) {
    std::string wrong;
    if (key.starts_with("sweep.")) {
      wrong = obstacle(kept.sweep, wanted.sweep);
    } else if (!changes_no_bit(key, wanted) || key == "train.evaluate_every") {
      const ConfigDifference change = first_difference(wanted, kept, key);
      wrong = fmt::format("{} = {} is not what it was begun with ({})", change.place, change.first, change.second);
    }
    if (!wrong.empty())
      throw Error(ExitStatus::usage, fmt::format("the sweep in {} cannot go on: {}; leave it as it was, or begin "
                                                 "another sweep",
                                                 folder, wrong));
  }
  return wanted;
}

}  // namespace

SweepRequestPlan resolve(const SweepRequest& request) {
  SweepRequestPlan plan;
  const std::string command = request.cross_validates ? "cv" : "sweep";
  const std::string usual =
      request.config ? "runs/" + fs::path(*request.config).stem().string() + (request.cross_validates ? "-cv" : "")
                     : "runs/" + command;
  plan.folder = request.run      ? *request.run
                : request.resume ? RunDirectory::last_of(usual, SweepDirectory::has_sweep)
                                 : usual;
  if (plan.folder != request.run.value_or(usual))
    log_info(fmt::format("{} is the last sweep of that name; another is gone on with by --run", plan.folder));
  if (request.resume && !request.config && !request.run)
    throw Error(
        ExitStatus::usage,
        fmt::format("--resume needs a CONFIG or --run, to know which sweep; for example: shoal {} --run runs/digits "
                    "--resume",
                    command));
  plan.goes_on = request.resume && SweepDirectory::has_sweep(plan.folder);
  if (plan.goes_on) {
    plan.config = continued_config(request, plan.folder);
    return plan;
  }
  if (request.resume && !request.config && request.sets.empty())
    throw Error(ExitStatus::no_input,
                fmt::format("there is no sweep in {} to go on with; name its folder with --run, or give a CONFIG",
                            plan.folder));
  plan.config = load_config(request.config, request.sets);
  if (request.cross_validates) make_cross_validation(plan.config);
  if (plan.config.data.file.empty())
    throw Error(
        ExitStatus::usage,
        request.config
            ? *request.config + " does not set data.file; name a data set, see shoal import --help"
            : fmt::format("no CONFIG given and no --set data.file=...; for example: shoal {} digits.toml", command));
  count_members(plan.config);
  compare_by_train_metric(plan.config);
  check_sweep(plan.config);  // before the folder is looked at: a mistake in it is the user's first concern
  if (!request.run && !request.resume) {
    plan.folder = RunDirectory::next_free(usual);
    plan.folder_base = usual;
  } else {
    SweepDirectory::require_vacant(plan.folder);
  }
  check_new_folder(plan.folder, NewFolder::sweep);
  return plan;
}

}  // namespace shoal
