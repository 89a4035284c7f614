#include "shoal/run/run_paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "shoal/io/ownership/lock.hpp"

namespace shoal {

std::string RunPaths::going_back(std::int64_t step) const {
  return of(fmt::format("{}{:08}", going_back_prefix, step));
}

bool RunPaths::is_name(const std::string& name) {
  const std::array names = {config_name,      metrics_name,  nudges_name, digests_name,     jobs_name,
                            checkpoints_name, requests_name, paused_name, tensorboard_name, explanation_name};
  return std::find(names.begin(), names.end(), name) != names.end() || name.starts_with(going_back_prefix) ||
         RunLock::is_name(name);
}

std::string SweepPaths::checkpoint(std::int64_t trial, std::int64_t fold) const {
  return fmt::format("{}/{:04}{}.h5", trials(), trial, fold > 0 ? fmt::format("-{}", fold) : "");
}

std::string SweepPaths::member_checkpoint(std::int64_t member, std::int64_t generation) const {
  return fmt::format("{}/{:04}-g{}.h5", trials(), member, generation);
}

std::string SweepPaths::kept(std::int64_t trial) const { return fmt::format("{}/{:04}.h5", kept(), trial); }

bool SweepPaths::is_claims(const std::string& name) {
  return SweepPaths().of(name).starts_with(SweepPaths().claims(""));
}

bool SweepPaths::is_checkpoint(const std::string& name) {
  constexpr std::size_t digits = 4;  // or more
  const std::size_t end = name.find_first_not_of("0123456789");
  return end != std::string::npos && end >= digits && name.substr(end) == ".h5";
}

bool SweepPaths::is_best_of_fold(const std::string& name) {
  return name.starts_with("best-fold-") && name.ends_with(".h5");
}

bool SweepPaths::is_journal(const std::string& name) { return name.starts_with("journal") && name.ends_with(".jsonl"); }

bool SweepPaths::is_name(const std::string& name) {
  const SweepPaths own;
  const std::array paths = {own.fingerprint(), own.csv(),    own.jsonl(),        own.h5(),
                            own.times(),       own.best(),   own.kept(),         own.trials(),
                            own.final_fit(),   own.rounds(), own.winner().folder};
  return std::find(paths.begin(), paths.end(), own.of(name)) != paths.end() || is_claims(name) || is_journal(name) ||
         is_best_of_fold(name);
}

}  // namespace shoal
