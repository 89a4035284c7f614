#include "run/run_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "shoal/config/assign.hpp"
#include "shoal/config/difference.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/path.hpp"
#include "shoal/run/checkpoint_path.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/train/checkpoint.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::string default_run(const TrainRequest& request) {
  return "runs/" + (request.config ? fs::path(*request.config).stem().string() : std::string("train"));
}

void take_checkpoint(const std::string& path, RunPlan& plan) {
  plan.resumed = load_checkpoint(path);
  plan.resumed_path = path;
}

/// Reads the newest checkpoint that is sound, and says so where it is not the newest there is.
void take_newest_sound(const std::string& run, RunPlan& plan) {
  std::vector<std::int64_t> steps = RunDirectory::checkpoint_steps(run);
  std::string first_fault;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const std::string path = RunPaths{run}.checkpoint(*step);
    try {
      take_checkpoint(path, plan);
      if (!first_fault.empty()) log_warning(fmt::format("{}; falling back to {}", first_fault, path));
      return;
    } catch (const Error& e) {
      if (first_fault.empty()) first_fault = e.what();
    }
  }
  if (!first_fault.empty())
    throw Error(ExitStatus::bad_data,
                first_fault + "; no sound checkpoint is left in " + run + ", start anew with another --run");
}

void copy_key(Config& to, Config from, const std::string& name) {
  const config_keys::Key* key = config_keys::find(name);
  std::visit([&](auto* target) { *target = *std::get<decltype(target)>(key->reference(from)); }, key->reference(to));
}

/// What happened before the checkpoint stands in it; what is to come, in the directory of a run that goes on.
NudgeJournal known_nudges(const RunPlan& plan, const Archive& archive, std::int64_t step) {
  NudgeJournal kept =
      NudgeJournal::parse(archive.text(CheckpointNames::journal), "the journal in " + plan.resumed_path);
  if (!plan.in_place) return kept.up_to(step);
  if (!fs::exists(RunPaths{plan.run}.nudges())) return kept;
  NudgeJournal journal = kept.up_to(step);
  const NudgeJournal to_come = NudgeJournal::of_run(plan.run).after(step);
  for (const Nudge& nudge : to_come.nudges()) journal.add(nudge);
  return journal;
}

/// Start config and journal to go on with. What the request asks to change must be able to; it becomes a nudge of the
/// next step, so that a replay repeats it, or part of the start config where it never changes a bit.
void take_config(const TrainRequest& request, RunPlan& plan) {
  const Archive& archive = plan.resumed->archive;
  const std::int64_t step = read_progress(archive).step;
  plan.config = read_config(archive);
  plan.journal = known_nudges(plan, archive, step);
  if (plan.parent.empty()) plan.parent = attribute_or_empty(archive, CheckpointNames::parent);
  plan.init_from = attribute_or_empty(archive, CheckpointNames::init_from);

  // A CONFIG, or the command of a job that is started again and again, is how the run began: nudges since then stay.
  // Otherwise --set is meant to change what holds now.
  const Config now = plan.journal.config_at(plan.config, step + 1);
  const Config before = request.config || *request.resume == "auto" ? plan.config : now;
  Config wanted = request.config ? load_config(request.config, request.sets)
                                 : parse_config(to_toml(before), plan.resumed_path, "/", request.sets);
  if (!plan.config.places.contains("data.normalize_targets")) take_targets_as_before(wanted);
  const Config start = plan.config;
  const bool nudged_before = !plan.journal.empty();
  for (const std::string& key : differing_keys(before, wanted)) {
    const std::string idle = config_keys::idle_line(*config_keys::find(key), wanted);
    if (!idle.empty()) plan.idle.push_back(wanted.place_of(key) + idle);
    const bool free = changes_no_bit(key, start) && changes_no_bit(key, wanted);
    if (!free && !may_be_nudged(key)) {
      const ConfigDifference change = first_difference(wanted, before, key);
      throw Error(ExitStatus::usage,
                  fmt::format("{} = {} is not what {} was trained with ({}); a run goes on with its own {}: leave it "
                              "out, or start a new run",
                              change.place, change.first, plan.resumed_path, change.second, key));
    }
    if (free && !(nudged_before && may_be_nudged(key))) {
      copy_key(plan.config, wanted, key);
    } else if (value_text(now, key) != value_text(wanted, key)) {
      plan.journal.add({step + 1, key, setting_of(wanted, key)});
    }
  }
}

void name_freely(const std::string& base, RunPlan& plan) {
  plan.run_base = base;
  plan.run = RunDirectory::next_free(base);
}

bool same_place(const std::string& a, const std::string& b) {
  std::error_code none;
  return fs::equivalent(a, b, none) || absolute_path(a) == absolute_path(b);
}

void resume(const TrainRequest& request, RunPlan& plan) {
  const std::string& what = *request.resume;
  std::string home;  // the run that is gone on with; empty for a checkpoint that lies in none
  std::string file;  // to go on from; empty: the newest that is sound
  if (what == "auto") {
    if (!request.run && !request.config)
      throw Error(ExitStatus::usage,
                  "--resume auto needs a CONFIG or --run, to know which run; for example: shoal train --run "
                  "runs/digits --resume auto");
    home = request.run ? *request.run : RunDirectory::last_of(default_run(request), RunDirectory::has_run);
    if (!request.run && home != default_run(request))
      log_info(fmt::format("{} is the last run of that name; another is gone on with by --run", home));
    if (!RunDirectory::has_run(home)) {
      if (RunDirectory::holds_sweep(home)) RunDirectory::require(home);  // says so
      if (request.rewind) throw Error(ExitStatus::no_input, fmt::format("there is no run {} to rewind", home));
      plan.run = home;  // nothing to go on with: a start
      return;
    }
    RunDirectory::require(home);
  } else if (std::error_code none; fs::is_directory(what, none)) {
    home = what;
    if (RunDirectory::has_run(home) || RunDirectory::holds_sweep(home))
      RunDirectory::require(home);
    else
      throw Error(ExitStatus::no_input,
                  what + " has no checkpoint to go on from; give a run directory, a checkpoint, or auto");
  } else {
    static_cast<void>(RandomAccessFile(what));  // is there
    file = what;
    home = RunDirectory::containing(what).value_or("");
  }
  if (request.rewind) {
    if (home.empty()) throw Error(ExitStatus::usage, what + " lies in no run directory; there is nothing to rewind");
    const std::vector<std::int64_t> steps = RunDirectory::checkpoint_steps(home);
    if (std::find(steps.begin(), steps.end(), *request.rewind) == steps.end())
      throw Error(ExitStatus::no_input, fmt::format("{} has no checkpoint of step {}; it has {}", home, *request.rewind,
                                                    fmt::join(steps, ", ")));
    file = RunPaths{home}.checkpoint(*request.rewind);
  }
  const auto take = [&] { file.empty() ? take_newest_sound(home, plan) : take_checkpoint(file, plan); };
  const bool elsewhere = request.run && (home.empty() || !same_place(*request.run, home));
  if (home.empty() || elsewhere || request.rewind) {  // a branch: a run of its own that names its parent
    take();
    plan.parent = recorded_path(plan.resumed_path);
    if (elsewhere) {
      plan.run = *request.run;
    } else {
      name_freely(home.empty() ? "runs/" + fs::path(what).stem().string() : home, plan);
    }
    return;
  }
  plan.run = home;
  plan.in_place = true;
  if (!request.dry_run) plan.directory = RunDirectory::open(home);
  take();  // only now: opening may settle which line of history a checkpoint is of
}

/// Before the data is read: whether the folder of a new run can be there.
void check_place(const std::string& run) {
  RunDirectory::require_vacant(run);
  check_new_folder(run, NewFolder::run);
}

/// Step 0 is never pruned and holds the very start; a branch has none, and starts as its config says.
void take_start(const std::string& run, RunPlan& plan) {
  const std::vector<std::int64_t> steps = RunDirectory::checkpoint_steps(run);
  if (steps.empty()) return;
  if (steps.front() == 0) {
    take_checkpoint(RunPaths{run}.checkpoint(0), plan);
    plan.init_from = attribute_or_empty(plan.resumed->archive, CheckpointNames::init_from);
    return;
  }
  RunPlan newest;
  take_newest_sound(run, newest);
  const Archive& archive = newest.resumed->archive;
  plan.content = read_description(archive).content;
  plan.init_from = attribute_or_empty(archive, CheckpointNames::init_from);
}

void replay(const TrainRequest& request, RunPlan& plan) {
  if (request.config || request.resume || request.init_from)
    throw Error(
        ExitStatus::usage,
        "--replay takes config and start from the run that it repeats; leave out CONFIG, --resume and --init-from");
  plan.replays = *request.replay;
  std::error_code none;
  const RunPaths winner = SweepPaths{plan.replays}.winner();
  if (RunDirectory::holds_sweep(plan.replays) && fs::exists(winner.config(), none)) plan.replays = winner.folder;
  // Config and nudges are enough, where the checkpoints were removed.
  const bool told = fs::exists(RunPaths{plan.replays}.config(), none) && !RunDirectory::holds_sweep(plan.replays);
  if (!told) RunDirectory::require(plan.replays);
  plan.config = config_to_repeat(plan.replays, request.sets, "a replay");
  plan.journal = NudgeJournal::of_run(plan.replays);
  take_start(plan.replays, plan);
  if (request.run) {
    plan.run = *request.run;
  } else {
    name_freely(*request.replay + "-replay", plan);
  }
}

/// Folders by their own names: others are made from them, and a number behind `run/` would be a folder inside of it.
TrainRequest with_names(TrainRequest request) {
  std::error_code none;
  for (std::optional<std::string>* folder : {&request.run, &request.resume, &request.replay}) {
    if (*folder && (folder != &request.resume || fs::is_directory(**folder, none)))
      *folder = named_path(**folder).string();
  }
  return request;
}

}  // namespace

std::string attribute_or_empty(const Archive& archive, const std::string& name) {
  return archive.attributes.contains(name) ? archive.attribute<std::string>(name) : "";
}

Config config_to_repeat(const std::string& run, const std::vector<std::string>& sets, const std::string& what) {
  const Config own = load_config(RunPaths{run}.config(), {});
  Config config = load_config(RunPaths{run}.config(), sets);
  for (const std::string& key : differing_keys(own, config)) {
    if (changes_no_bit(key, own) && changes_no_bit(key, config)) continue;
    throw Error(ExitStatus::usage, fmt::format("{} repeats {} as it was, and {} would change it; leave it out, "
                                               "or branch with --resume {} --rewind N",
                                               what, run, key, shell_word(run)));
  }
  if (!own.places.contains("data.normalize_targets")) take_targets_as_before(config);
  return config;
}

RunPlan plan_run(const TrainRequest& asked) {
  const TrainRequest request = with_names(asked);
  if (request.rewind && !request.resume) throw Error(ExitStatus::usage, "--rewind needs --resume, to know which run");
  if (request.resume && request.init_from)
    throw Error(ExitStatus::usage,
                "--resume and --init-from exclude each other: a run that goes on has its parameters");
  RunPlan plan;
  if (request.replay) {
    replay(request, plan);
  } else {
    if (request.resume) resume(request, plan);
    if (plan.resumed) {
      if (!plan.in_place) check_place(plan.run);
      take_config(request, plan);
      return plan;
    }
    plan.config = load_config(request.config, request.sets);
    plan.idle = config_keys::idle_lines(plan.config);
    if (request.init_from) {
      plan.init_from = recorded_path(checkpoint_file(*request.init_from));
      static_cast<void>(RandomAccessFile(plan.init_from));  // before the data is read
    }
  }
  if (plan.config.data.file.empty())
    throw Error(ExitStatus::usage,
                request.config ? *request.config + " does not set data.file; name a data set, see shoal import --help"
                               : "no CONFIG given and no --set data.file=...; for example: shoal train digits.toml");
  if (plan.run.empty() && request.run) plan.run = *request.run;
  if (plan.run.empty()) name_freely(default_run(request), plan);
  check_place(plan.run);
  return plan;
}

}  // namespace shoal
