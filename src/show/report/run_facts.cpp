#include "show/report/run_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/infer/checkpoint.hpp"
#include "shoal/io/element_type.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/run_paths.hpp"
#include "shoal/train/loaded_checkpoint.hpp"

namespace shoal {
namespace {

using Names = CheckpointNames;

void add(Json& facts, const std::string& name, const std::string& text) { facts.push(Json::array({name, text})); }

/// 12.3 s, 4 min 5 s, 3 h 2 min.
std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{:.1f} s", seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

/// A split of the data of a run that it was not fitted to; empty: there is none, or no such file any more.
std::string split_to_judge(const DataConfig& of_run) try {
  const Dataset data = Dataset::open(of_run.file);
  for (const char* name : {"test", "validation"}) {
    if (data.has(name) && std::ranges::find(of_run.train, name) == of_run.train.end()) return name;
  }
  return "";
} catch (const Error&) {
  return "";
}

/// Of all jobs, each counting from its own beginning. A run of an older version has noted none; then another has begun
/// where the time is less than before.
double time_of(const RunRecord& record) {
  const std::vector<std::int64_t> beginnings = beginnings_of(record.jobs);
  auto next = beginnings.begin();
  double total = 0.0;
  double before = 0.0;
  for (const StepRecord& step : record.steps) {
    bool another = false;
    for (; next != beginnings.end() && *next < step.step; ++next) another = true;
    if (another || step.time < before) {
      total += before;
      before = 0.0;
    }
    if (std::isfinite(step.time)) before = step.time;
  }
  if (!record.evaluations.empty() && record.evaluations.back().time > before) before = record.evaluations.back().time;
  return total + before;
}

std::int64_t parameters_in(const Archive& archive) {
  std::int64_t count = 0;
  for (const NamedArray& array : archive.arrays) {
    if (array.path.starts_with(Names::in(Names::parameters, "")))
      count += static_cast<std::int64_t>(array.data.size() / element_bytes(array.type));
  }
  return count;
}

void add_checkpoint(Json& facts, const std::string& path) {
  const Archive archive = load_checkpoint(path).archive;
  const DataDescription data = read_description(archive);
  add(facts, "content of the data", data.content);
  add(facts, "parameters", fmt::format("{}", parameters_in(archive)));
  add(facts, "loss", archive.attribute<std::string>(Names::loss));
  for (const auto& [name, text] : {std::pair(Names::parent, "branch of"), {Names::init_from, "parameters from"}}) {
    if (archive.attributes.contains(name)) add(facts, text, archive.attribute<std::string>(name));
  }
  add(facts, "shoal", archive.attribute<std::string>(Names::shoal_version));
  add(facts, "kernel hash", archive.attribute<std::string>(Names::kernel_hash));
  add(facts, "digest", archive.attribute<std::string>(Names::digest));
}

std::string state_of(const RunRecord& record) {
  if (record.under_way) return "under way";
  if (record.jobs.empty()) return "ended";
  const auto& end = record.jobs.back().end;
  return end ? end->text : "ended without a word: killed, or lost with its host";
}

}  // namespace

Json facts_of(const RunRecord& record) {
  Json facts = Json::array();
  const std::int64_t step = record.steps.empty() ? 0 : record.steps.back().step;
  const std::int64_t epoch = record.steps.empty() ? 0 : record.steps.back().epoch;
  const TrainConfig& train = record.last.train;
  add(facts, "state", state_of(record));
  add(facts, "steps", train.steps > 0 ? fmt::format("{} of {}", step, train.steps) : std::to_string(step));
  add(facts, "epochs", train.steps > 0 ? std::to_string(epoch) : fmt::format("{} of {}", epoch, train.epochs));
  if (!record.steps.empty()) add(facts, "time", duration(time_of(record)));
  add(facts, "data", record.start.data.file);
  if (record.latest) {
    try {
      add_checkpoint(facts, RunPaths{record.name}.checkpoint(*record.latest));
    } catch (const Error& e) {  // pruned this moment, or damaged: the curves are there all the same
      add(facts, "newest checkpoint", e.what());
    }
  }
  return facts;
}

Json commands_of(const RunRecord& record) {
  const std::string run = shell_word(record.name);
  Json commands = Json::array();
  const auto say = [&](const std::string& line, const std::string& about) {
    commands.push(Json::array({line, about}));
  };
  say(fmt::format("shoal train --replay {0} --run {0}-again", run),
      record.journal.empty() ? "repeat the run: the digest at its end is the same, on any number of ranks"
                             : "repeat the run with its nudges: the digest at its end is the same, on any number of "
                               "ranks");
  if (!record.journal.empty())
    say(fmt::format("shoal train {} --run {}-unnudged", shell_word(RunPaths{record.name}.config()), run),
        "the same without the nudges");
  say(fmt::format("shoal train --run {} --resume auto", run), "go on, where it is not finished");
  const std::string split = split_to_judge(record.start.data);
  if (record.best && !split.empty())
    say(fmt::format("shoal evaluate {} --data {} --split {}", shell_word(RunPaths{record.name}.best()),
                    shell_word(record.start.data.file), split),
        "judge the best checkpoint on a split");
  return commands;
}

}  // namespace shoal
