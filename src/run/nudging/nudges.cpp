#include "shoal/run/nudges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <variant>

#include "shoal/config/assign.hpp"
#include "shoal/config/text.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// @throws JsonError  @throws Error
Nudge parse_line(const std::string& line) {
  const Json object = Json::parse(line);
  const std::int64_t step = object.at("step").integer();
  const std::string& key = object.at("key").string();
  if (step < 1) throw Error(ExitStatus::bad_data, fmt::format("step {} is not an update; they count from 1", step));
  // JSON writes numbers and strings as TOML does. Tried on any config, so that a bad line is named where it is read.
  const std::vector<Nudge> parsed = parse_nudge(Config(), key + " = " + object.at("value").text(), step);
  if (parsed.size() != 1) throw Error(ExitStatus::bad_data, "\"" + key + "\" is not one key");
  return parsed.front();
}

}  // namespace

std::string Nudge::assignment() const {
  return key + " = " + std::visit([](const auto& held) { return config_text::value(held); }, value);
}

std::string to_json_line(const Nudge& nudge) {
  const Json value = std::visit([](const auto& held) { return Json(held); }, nudge.value);
  return Json::object({{"step", nudge.step}, {"key", nudge.key}, {"value", value}}).text() + '\n';
}

std::vector<Nudge> parse_nudge(const Config& config, const std::string& assignment, std::int64_t step) {
  Config changed = config;
  const std::vector<std::string> keys = set_keys(changed, assignment);
  std::vector<Nudge> nudges;
  for (const std::string& key : keys) {
    if (!may_be_nudged(key))
      throw Error(
          ExitStatus::usage,
          fmt::format("{}: {} cannot change while a run is under way; start another run for it", assignment, key));
    nudges.push_back({step, key, setting_of(changed, key)});
  }
  if (nudges.empty())
    throw Error(
        ExitStatus::usage,
        assignment + ": this sets nothing that a run under way reads; use one key, like optimizer.learning_rate");
  return nudges;
}

NudgeJournal NudgeJournal::parse(const std::string& text, const std::string& name) {
  NudgeJournal journal;
  std::int64_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end == std::string::npos ? end : end - begin);
    begin = end == std::string::npos ? text.size() : end + 1;
    ++number;
    if (line.empty()) continue;
    try {
      journal.add(parse_line(line));
    } catch (const std::exception& e) {
      const bool torn = end == std::string::npos && !Json::valid(line);
      if (!torn) throw Error(ExitStatus::bad_data, fmt::format("{}:{}: not a nudge: {}", name, number, e.what()));
    }
  }
  return journal;
}

NudgeJournal NudgeJournal::of_run(const std::string& run) {
  const std::string path = RunPaths{run}.nudges();
  std::error_code none;
  return fs::exists(path, none) ? parse(read_text(path), path) : NudgeJournal();
}

std::string NudgeJournal::text() const {
  std::string lines;
  for (const Nudge& nudge : nudges_) lines += to_json_line(nudge);
  return lines;
}

bool NudgeJournal::acts_on(std::int64_t step) const {
  return std::any_of(nudges_.begin(), nudges_.end(), [&](const Nudge& nudge) { return nudge.step == step; });
}

NudgeJournal NudgeJournal::up_to(std::int64_t step) const {
  NudgeJournal kept = *this;
  std::erase_if(kept.nudges_, [&](const Nudge& nudge) { return nudge.step > step; });
  return kept;
}

NudgeJournal NudgeJournal::after(std::int64_t step) const {
  NudgeJournal kept = *this;
  std::erase_if(kept.nudges_, [&](const Nudge& nudge) { return nudge.step <= step; });
  return kept;
}

Config NudgeJournal::config_at(const Config& start, std::int64_t step) const {
  std::vector<Nudge> acting = up_to(step).nudges_;
  std::stable_sort(acting.begin(), acting.end(), [](const Nudge& a, const Nudge& b) { return a.step < b.step; });
  Config config = start;
  for (const Nudge& nudge : acting) {
    set_value(config, nudge.key, nudge.value);
    config.places[nudge.key] = nudge.assignment() + ": ";
  }
  return config;
}

}  // namespace shoal
