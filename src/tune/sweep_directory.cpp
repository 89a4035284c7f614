#include "tune/sweep_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <set>
#include <span>
#include <sstream>
#include <tuple>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/posix.hpp"
#include "shoal/run/digest_chain.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/train/checkpoint.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr const char* other_folder = "; name another folder with --run";

void make_folder(const fs::path& folder) { require_folders(folder, other_folder); }

void make_scratch(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw Error(ExitStatus::input_output,
                fmt::format("cannot make {}: {}{}", folder.string(), error.message(), other_folder));
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    files.push_back(at->path());
  if (error && error != std::errc::no_such_file_or_directory)
    throw Error(ExitStatus::input_output, fmt::format("cannot list {}: {}", folder.string(), error.message()));
  return files;
}

std::vector<fs::path> journals_in(const SweepPaths& paths) {
  std::vector<fs::path> journals = files_in(paths.folder);
  std::erase_if(journals, [](const fs::path& file) { return !SweepPaths::is_journal(file.filename().string()); });
  return journals;
}

/// `<name>.<mark>.tmp` of a process that has died, and no file of somebody else's.
bool is_half_written(const fs::path& file) {
  const std::string name = file.stem().stem().string();
  return file.extension() == ".tmp" && is_name_of_runs(name) &&
         name != RunLock::file_name;  // that is its owner's to make
}

void discard_folder(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) log_warning(fmt::format("cannot remove {}: {}", folder.string(), error.message()));
}

[[noreturn]] void refuse_taken(const std::string& folder) {
  throw Error(ExitStatus::taken,
              SweepDirectory::has_sweep(folder)
                  ? fmt::format("{0} holds a sweep already; continue it with --run {1} --resume, or name another "
                                "folder with --run",
                                folder, shell_word(folder))
                  : fmt::format("{} holds a run of shoal train; name another folder with --run", folder));
}

/// All journals become one file, without torn lines and repetitions.
std::vector<Outcome> gather_journals(const SweepPaths& paths, const RunLock& lock) {
  const std::vector<fs::path> journals = journals_in(paths);
  std::vector<Outcome> outcomes = read_outcomes(paths);
  std::string merged;
  for (const Outcome& outcome : outcomes) merged += to_json_line(outcome);
  lock.write(paths.old_journal(), std::as_bytes(std::span(merged)));
  for (const fs::path& file : journals) {
    if (file != paths.old_journal()) lock.remove(file);
  }
  return outcomes;
}

}  // namespace

SweepDirectory::SweepDirectory(std::string folder, RunLock lock) : paths_{std::move(folder)}, lock_(std::move(lock)) {
  for (const fs::path& file : files_in(paths_.folder)) {
    if (SweepPaths::is_claims(file.filename().string())) discard_folder(file);
    if (is_half_written(file)) discard(file.string());
  }
  for (const fs::path& file : files_in(paths_.trials())) {
    if (file.extension() == ".tmp") discard(file.string());
  }
  // These two need not outlast a crash of the host: what is in them is made again.
  make_scratch(paths_.trials());
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  claims_ = paths_.claims(fmt::format("{}-{}", now, posix::process_mark()));
  make_scratch(claims_);
}

void SweepDirectory::require_vacant(const std::string& folder) {
  if (has_sweep(folder) || RunDirectory::has_run(folder)) refuse_taken(folder);
  RunDirectory::require_vacant(folder);
}

SweepDirectory SweepDirectory::create(const std::string& folder) {
  require_vacant(folder);
  make_folder(folder);
  RunLock lock{fs::path(folder)};
  require_vacant(folder);  // one may have been made while this process waited
  SweepDirectory directory(folder, std::move(lock));
  directory.forget();
  return directory;
}

SweepDirectory SweepDirectory::open(const std::string& folder) {
  if (!has_sweep(folder))
    throw Error(ExitStatus::no_input,
                fmt::format("there is no sweep in {} to go on with; name its folder with --run", folder));
  SweepDirectory directory(folder, RunLock{fs::path(folder)});
  directory.outcomes_ = gather_journals(directory.paths_, directory.lock_);
  return directory;
}

bool SweepDirectory::has_sweep(const std::string& folder) { return RunDirectory::holds_sweep(folder); }

/// Whose config somebody removed to begin anew.
void SweepDirectory::forget() const {
  std::error_code none;
  for (const std::string& file :
       {paths_.best(), paths_.final_fit(), paths_.rounds(), paths_.csv(), paths_.jsonl(), paths_.h5(), paths_.times()})
    remove(file);
  for (const fs::path& file : files_in(paths_.trials())) discard(file.string());
  for (const fs::path& file : files_in(paths_.folder)) {
    const std::string name = file.filename().string();
    if (SweepPaths::is_journal(name) || SweepPaths::is_best_of_fold(name)) lock_.remove(file);
  }
  for (const std::string& folder : {paths_.kept(), paths_.winner().folder}) {
    if (fs::exists(folder, none)) discard_folder(folder);
  }
}

void SweepDirectory::write(const std::string& file, std::string_view text) const {
  lock_.write(file, std::as_bytes(std::span(text)));
}

void SweepDirectory::write(const std::vector<std::pair<std::string, std::string>>& texts_of_files) const {
  std::vector<BegunFile> begun;
  begun.reserve(texts_of_files.size());
  for (const auto& [file, text] : texts_of_files) begun.push_back(lock_.begin(file, std::as_bytes(std::span(text))));
  lock_.put(std::move(begun));
}

bool SweepDirectory::promote(const std::vector<Promotion>& promotions) const {
  std::error_code none;
  std::vector<BegunFile> begun;
  for (const auto& [checkpoint, as] : promotions) {
    if (!fs::exists(checkpoint, none)) return false;
    if (fs::path(as).parent_path() == paths_.kept()) make_folder(paths_.kept());
    // Written anew, for a rename from elsewhere would not be fenced.
    begun.push_back(lock_.begin(as, read_file(checkpoint)));
  }
  lock_.put(std::move(begun));
  return true;
}

void SweepDirectory::write_winner(const Config& start, const NudgeJournal& journal) const {
  const RunPaths winner = paths_.winner();
  std::error_code none;
  if (fs::exists(winner.config(), none)) return;
  const std::vector<std::byte> bytes = read_file(paths_.best());
  const Archive best = parse_checkpoint(bytes, paths_.best());
  const std::int64_t step = read_progress(best).step;
  make_folder(winner.checkpoints());
  lock_.write(winner.checkpoint(step), bytes);
  lock_.link(winner.latest(), RunPaths::checkpoint_name(step));
  DigestChain digests;
  digests.add({step, digest(best)});
  write(winner.digests(), digests.text());
  write(winner.nudges(), journal.text());
  write(winner.config(), "# How the winner begins. What changes later stands in nudges.jsonl.\n" + to_toml(start));
}

void SweepDirectory::keep_only(const std::vector<std::int64_t>& trials) const {
  for (const fs::path& file : files_in(paths_.kept())) {
    const bool kept = std::ranges::any_of(trials, [&](std::int64_t trial) { return file == paths_.kept(trial); });
    if (!kept && SweepPaths::is_checkpoint(file.filename().string())) lock_.remove(file);
  }
  std::error_code none;
  if (trials.empty()) fs::remove(paths_.kept(), none);  // where it is empty
}

void SweepDirectory::remove(const std::string& file) const {
  std::error_code none;
  if (fs::exists(file, none)) lock_.remove(file);
}

void SweepDirectory::clean() const {
  check_owner();
  discard_folder(claims_);
  discard_folder(paths_.trials());
}

std::vector<Outcome> read_outcomes(const SweepPaths& paths) {
  std::vector<Outcome> outcomes;
  std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> known;
  for (const fs::path& file : journals_in(paths)) {
    std::istringstream lines(read_text(file));
    for (std::string line; std::getline(lines, line);) {
      const auto outcome = parse_outcome(line);
      const bool finished = outcome && (outcome->failed || !outcome->curve.empty());
      if (finished && known.emplace(outcome->trial, outcome->rung, outcome->fold).second) outcomes.push_back(*outcome);
    }
  }
  return outcomes;
}

std::string training_name(std::int64_t rung, const TrialPart& part) {
  const std::string name = fmt::format("{}-{}", rung, part.trial);
  return part.fold > 0 ? fmt::format("{}-{}", name, part.fold) : name;
}

std::optional<std::string> training_of_claim(const std::string& claim) {
  const std::size_t round = claim.find_first_not_of("0123456789");
  if (round == 0 || round == std::string::npos || claim[round] != '-') return std::nullopt;
  return claim.substr(round + 1);
}

void check_claims(const std::string& claims) {
  std::error_code error;
  if (fs::exists(claims, error) || error) return;
  throw Error(ExitStatus::taken, fmt::format("{} is gone: the sweep's folder was moved or removed, or another job took "
                                             "it over, while this one worked there; this one stops",
                                             claims));
}

bool claim(const std::string& claims, const std::string& name) {
  const std::string path = claims + "/" + name;
  const posix::Descriptor file = posix::open(path, O_WRONLY | O_CREAT | O_EXCL);
  const int error = errno;
  if (!file && error == ENOENT) check_claims(claims);
  if (!file && error != EEXIST) posix::fail("make the claim", path, error);
  return static_cast<bool>(file);
}

void discard(const std::string& file) {
  std::error_code error;
  fs::remove(file, error);
  if (error) log_warning(fmt::format("cannot remove {}: {}", file, error.message()));
}

}  // namespace shoal
