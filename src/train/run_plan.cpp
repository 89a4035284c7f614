#include "train/run_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"
#include "train/checkpoint.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::string default_run(const TrainRequest& request) {
  return "runs/" + (request.config ? fs::path(*request.config).stem().string() : std::string("train"));
}

/// Reads the newest checkpoint that is sound, and says so where it is not the newest there is.
void take_newest_sound(const std::string& run, RunPlan& plan) {
  std::vector<std::int64_t> steps = RunDirectory::checkpoint_steps(run);
  std::string first_fault;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const std::string path = RunDirectory::checkpoint_path(run, *step);
    try {
      std::vector<std::byte> bytes = read_file(path);
      static_cast<void>(parse_checkpoint(bytes, path));
      if (!first_fault.empty()) log_warning(first_fault + "; falling back to " + path);
      plan.resumed = std::move(bytes);
      plan.resumed_path = path;
      return;
    } catch (const Error& e) {
      if (first_fault.empty()) first_fault = e.what();
    }
  }
  if (!first_fault.empty())
    throw Error(ExitStatus::bad_data, first_fault + "; no sound checkpoint is left in " + run + ", start anew with another --run");
}

void take_checkpoint(const std::string& path, RunPlan& plan) {
  plan.resumed = read_file(path);
  plan.resumed_path = path;
}

/// The config to go on with: the checkpoint's, or the one given, which must agree in all that cannot change.
Config resumed_config(const TrainRequest& request, const RunPlan& plan) {
  const Archive archive = parse_checkpoint(*plan.resumed, plan.resumed_path);
  const Config kept = read_config(archive);
  const Config wanted = request.config ? load_config(request.config, request.sets)
                                       : parse_config(to_toml(kept), plan.resumed_path, "/", request.sets);
  for (const std::string& key : differing_keys(kept, wanted)) {
    if (changes_no_bit(key, wanted) || may_be_nudged(key)) continue;
    throw Error(ExitStatus::usage, fmt::format("{} is not what {} was trained with; a run goes on with its own {}: leave it out, or start a new run",
                                               key, plan.resumed_path, key));
  }
  return wanted;
}

bool same_place(const std::string& a, const std::string& b) { return fs::weakly_canonical(a) == fs::weakly_canonical(b); }

void resume(const TrainRequest& request, RunPlan& plan) {
  const std::string& what = *request.resume;
  std::string home;  // the run that is gone on with; empty for a checkpoint that lies in none
  if (what == "auto") {
    if (!request.run && !request.config)
      throw Error(ExitStatus::usage, "--resume auto needs a CONFIG or --run, to know which run; for example: shoal train --run runs/digits --resume auto");
    home = request.run.value_or(default_run(request));
    if (!RunDirectory::has_run(home)) {
      if (request.rewind) throw Error(ExitStatus::no_input, fmt::format("there is no run {} to rewind", home));
      plan.run = home;  // nothing to go on with: a start
      return;
    }
  } else if (fs::is_directory(what)) {
    home = what;
    if (!RunDirectory::has_run(home)) throw Error(ExitStatus::no_input, what + " holds no run; give a run directory, a checkpoint, or auto");
  } else {
    take_checkpoint(what, plan);
    home = RunDirectory::containing(what).value_or("");
  }
  if (request.rewind) {
    if (home.empty()) throw Error(ExitStatus::usage, what + " lies in no run directory; there is nothing to rewind");
    const std::vector<std::int64_t> steps = RunDirectory::checkpoint_steps(home);
    if (std::find(steps.begin(), steps.end(), *request.rewind) == steps.end())
      throw Error(ExitStatus::no_input, fmt::format("{} has no checkpoint of step {}; it has {}", home, *request.rewind, fmt::join(steps, ", ")));
    take_checkpoint(RunDirectory::checkpoint_path(home, *request.rewind), plan);
  }
  const bool elsewhere = request.run && (home.empty() || !same_place(*request.run, home));
  if (home.empty() || elsewhere || request.rewind) {  // a branch: a run of its own that names its parent
    if (!plan.resumed) take_newest_sound(home, plan);
    plan.parent = fs::absolute(plan.resumed_path).lexically_normal().string();
    plan.run = elsewhere ? *request.run : RunDirectory::next_free(home.empty() ? "runs/" + fs::path(what).stem().string() : home);
    return;
  }
  plan.run = home;
  if (!request.dry_run) plan.directory = RunDirectory::open(home);
  if (!plan.resumed) take_newest_sound(home, plan);
}

}  // namespace

RunPlan plan_run(const TrainRequest& request) {
  if (request.rewind && !request.resume) throw Error(ExitStatus::usage, "--rewind needs --resume, to know which run");
  if (request.resume && request.init_from) throw Error(ExitStatus::usage, "--resume and --init-from exclude each other: a run that goes on has its parameters");
  RunPlan plan;
  if (request.resume) resume(request, plan);
  if (plan.resumed) {
    plan.config = resumed_config(request, plan);
    return plan;
  }
  plan.config = load_config(request.config, request.sets);
  if (plan.config.data.file.empty())
    throw Error(ExitStatus::usage, request.config ? *request.config + " does not set data.file; name a data set, see shoal import --help"
                                                  : "no CONFIG given and no --set data.file=...; for example: shoal train digits.toml");
  if (plan.run.empty()) plan.run = request.run ? *request.run : RunDirectory::next_free(default_run(request));
  if (request.run && !plan.directory && RunDirectory::has_run(plan.run)) RunDirectory::create(plan.run);  // refuses
  return plan;
}

}  // namespace shoal
