#include "shoal/tune/first_sweep.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <span>

#include "shoal/config/text.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/data/data_kind.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/path.hpp"
#include "shoal/io/posix.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/tune/search_space.hpp"
#include "tune/first_sweep/first_space.hpp"
#include "tune/search_plan.hpp"
#include "tune/start/sweep_task.hpp"

namespace shoal {
namespace {

constexpr double flops_per_second = 3e10;  // of a core, in the units of estimate_cost(); Zen 3, small networks
constexpr double most_seconds = 600.0;     // of a core
constexpr std::int64_t least_epochs = 5;
constexpr std::int64_t fewest_trials = 16;

/// One line, as TOML takes no control characters in comments.
std::string comment(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; }, '?');
  return text;
}

/// Keys that begin with the section lose it; comments stand above, or behind where they are one short line.
std::string lines_of(const Advice& advice, bool behind) {
  if (behind && advice.why.size() == 1)
    return fmt::format("{} = {}  # {}\n", advice.key, advice.value, comment(advice.why.front()));
  std::string text;
  for (const std::string& line : advice.why) text += "# " + comment(line) + '\n';
  return text + fmt::format("\"{}\" = {}\n", advice.key, advice.value);
}

std::string section(const std::string& name, const std::vector<Advice>& all) {
  if (all.empty()) return "";
  std::string text = fmt::format("\n[{}]\n", name);
  for (const Advice& advice : all) text += lines_of(advice, true);
  return text;
}

std::string about(const DataFacts& facts) {
  std::string text = fmt::format("{} to train on, {}", counted(facts.rows, "row"), counted(facts.inputs, "input"));
  if (facts.validation > 0) text += fmt::format(", {} to validate on", facts.validation);
  const auto classes = static_cast<std::int64_t>(facts.of_class.size());
  return text + ", " + (classes > 0 ? counted(classes, "class", "classes") : counted(facts.outputs, "target"));
}

std::string minutes(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds / 60.0));
  return whole < 120 ? counted(whole, "minute") : counted((whole + 59) / 60, "hour");
}

std::string toml_of(const DataFacts& facts, const FirstSpace& first, const std::string& data_file, double seconds) {
  std::string text = fmt::format(
      "# A first sweep over {}: {}.\n# Written by shoal sweep --init; change what you know better. About {} on one "
      "core, "
      "half of that with mpirun -np 2.\n",
      comment(std::filesystem::path(facts.file).filename().string()), about(facts), minutes(seconds));
  text += fmt::format("\n[data]\nfile = {}\n", config_text::quote(data_file));
  for (const Advice& advice : first.data) text += lines_of(advice, true);
  text += section("model", first.model);
  text += "\n[optimizer]\nname = \"adam\"  # its beta2 and epsilon hardly ever matter\n";
  text += fmt::format("\n[train]\nepochs = {}\n", first.epochs);
  text += fmt::format(
      "\n[sweep]\ntrials = {}\nsearch = \"coarse_to_fine\"  # at random, then closer around the best; not on a grid, "
      "which tries few values of what matters\n",
      first.trials);
  text +=
      "# search = \"bayesian\"  # learns from all trials before; often finds better ones, in rounds that ranks wait "
      "for\n";
  text += lines_of(first.metric, true);
  text += "# successive_halving = {eta = 3, min_epochs = 1}  # stops poor trials early: for long trainings\n";
  text +=
      "\n# In the order in which they matter, as a rule; afterwards the sweep says what mattered "
      "here.\n[sweep.space]\n";
  int number = 0;
  for (Advice advice : first.space) {
    advice.why.front() = fmt::format("{}. {}", ++number, advice.why.front());
    text += lines_of(advice, false);
  }
  return text;
}

void check_kind(const std::string& data) {
  const DataKind kind = kind_of_data(data);
  if (kind == DataKind::data_set) return;
  const std::string file = shell_word(data);
  const std::string how = kind == DataKind::csv      ? fmt::format("csv {} --label COLUMN -o NAME.h5", file)
                          : kind == DataKind::images ? fmt::format("images {} --size 32x32 -o NAME.h5", file)
                          : kind == DataKind::libsvm ? fmt::format("libsvm {} -o NAME.h5", file)
                                                     : "--help";
  throw Error(ExitStatus::usage, fmt::format("{} is no data set yet; make one: shoal import {}", data, how));
}

/// An empty file that nobody else made.
void take_file(const std::string& out) {
  const posix::Descriptor file = posix::open(out, O_WRONLY | O_CREAT | O_EXCL);
  if (file) return;
  if (errno == EEXIST)
    throw Error(ExitStatus::usage,
                fmt::format("{} is there already, and nothing is written over; name another file with -o", out));
  posix::fail("make", out, errno);
}

/// Reads all of the data, and makes the first trial's model. @returns seconds of a core that the sweep takes, about
double rehearse(const Config& config) {
  Communicator alone;
  const SweepTask task = prepare(config, alone);
  const SearchPlan plan(task.settings, task.base.seed, task.base.train.epochs);
  double flops = 0.0;
  for (const Place& place : plan.places())
    flops += estimate_cost(trial_config(task.base, task.settings.space, place), task.data).whole;
  say_notes(std::span(&task.data, 1));
  const auto trials = static_cast<double>(plan.places().size());  // of the first round, which stand for the others
  return flops / trials * static_cast<double>(task.settings.trials) / flops_per_second;
}

/// Shorter where it would take longer than people wait for a first look.
double shorten(FirstSpace& first, double seconds) {
  const auto scaled = [&](std::int64_t& number, std::int64_t least) {
    const std::int64_t before = number;
    number = std::clamp(static_cast<std::int64_t>(static_cast<double>(before) * most_seconds / seconds),
                        std::min(least, before), before);
    seconds *= static_cast<double>(number) / static_cast<double>(before);
  };
  if (seconds > most_seconds) scaled(first.epochs, least_epochs);
  if (seconds > most_seconds) scaled(first.trials, fewest_trials);
  return seconds;
}

}  // namespace

FirstSweep write_first_sweep(const FirstSweepRequest& request) {
  namespace fs = std::filesystem;
  check_kind(request.data);
  const std::string out = request.out.value_or(fs::path(request.data).stem().string() + "-sweep.toml");
  const std::string folder = absolute_path(out).parent_path().string();
  check_output_file(out, Output::config, {});
  recorded_path(request.data);                              // refuses what no config can name, before all the work
  if (fs::exists(fs::symlink_status(out))) take_file(out);  // which it refuses, before all the work
  const DataFacts facts = facts_of(request.data);
  const std::string data_file = fs::path(facts.file).lexically_proximate(folder).string();
  const auto parsed = [&](const FirstSpace& first) {
    return parse_config(toml_of(facts, first, data_file, 0.0), out, folder);
  };
  FirstSpace first = first_space(facts, suits_convolutions(facts));
  double seconds = 0.0;
  try {
    seconds = rehearse(parsed(first));
  } catch (const Error&) {
    if (!first.convolutions) throw;
    first = first_space(facts, false);  // such as images whose channels come last
    seconds = rehearse(parsed(first));
  }
  seconds = shorten(first, seconds);
  take_file(out);
  write_text_atomically(out, toml_of(facts, first, data_file, seconds));

  FirstSweep made{out, about(facts) + '\n'};
  for (const auto* part : {&first.data, &first.model}) {
    for (const Advice& advice : *part)
      made.told += fmt::format("{} = {}: {}\n", advice.key, advice.value, advice.why[0]);
  }
  made.told += fmt::format("{} = {}: {}\n", first.metric.key, first.metric.value, first.metric.why[0]);
  made.told += fmt::format("{} of {}, {} searched; about {} on one core\n", counted(first.trials, "trial"),
                           counted(first.epochs, "epoch"),
                           counted(static_cast<std::int64_t>(first.space.size()), "hyperparameter"), minutes(seconds));
  made.told += fmt::format("written to {}; run it with: shoal sweep {}\n", out, shell_word(out));
  return made;
}

}  // namespace shoal
