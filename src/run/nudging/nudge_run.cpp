// The side of `shoal nudge`: a process of its own, which sees no more of the run than its folder.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "run/nudging/nudge_desk.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/host_name.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/nudge_request.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_pulse.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds between_answers{100};

[[noreturn]] void refuse_not_under_way(const std::string& run) {
  const auto latest = RunDirectory::latest(run);
  throw Error(
      ExitStatus::usage,
      fmt::format("nobody trains {} now: it is finished or was stopped{}; nudge a run under way, or go on with shoal "
                  "train --resume {} --set KEY=VALUE",
                  run, latest ? fmt::format(", after step {}", *latest) : "", shell_word(run)));
}

/// A name that sorts by time, and that no other process on any host takes, and no other thread of this one.
fs::path request_path(const std::string& run) {
  static std::atomic<int> asked = 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return fs::path(RunPaths{run}.requests()) /
         fmt::format("{:020}-{}-{}-{}.json", std::chrono::nanoseconds(now).count(), host_name(), ::getpid(), ++asked);
}

/// The answer, where there is one by now.
std::optional<NudgeReply> take_reply(const fs::path& path) try {
  const NudgeReply reply = parse_nudge_reply(read_text(path));
  std::error_code none;
  fs::remove(path, none);
  return reply;
} catch (const Error& e) {
  if (e.status() == ExitStatus::no_input) return std::nullopt;
  throw;
}

/// What is wrong already with the config at hand, without waiting for the run, which judges again.
void check(const std::string& run, const std::vector<std::string>& settings, std::optional<std::int64_t> at_step) {
  if (settings.empty())
    throw Error(ExitStatus::usage, "nothing to nudge; give KEY=VALUE, like optimizer.learning_rate=3e-4");
  if (at_step && *at_step < 1)
    throw Error(ExitStatus::usage, fmt::format("--at-step is {}; updates count from 1", *at_step));
  const Config start = load_config(RunPaths{run}.config(), {});
  for (const std::string& setting : settings) parse_nudge(start, setting, 1);
}

/// Leaves the request, whose owner it fills in, and waits for what the run says. `word`: what was asked for.
NudgeReply ask(const std::string& run, NudgeRequestFile asked, const std::string& word,
               const std::function<bool()>& cancelled) {
  RunPulse pulse(run);
  if (!pulse.beats()) refuse_not_under_way(run);

  const fs::path request = request_path(run);
  const fs::path reply = fs::path(request).replace_extension(".reply");
  std::error_code error;
  fs::create_directories(request.parent_path(), error);  // writing says what is wrong
  asked.owner = pulse.owner();
  write_text_atomically(request, to_json(asked));
  for (;;) {
    if (auto answer = take_reply(reply)) return std::move(*answer);
    const bool given_up = cancelled();
    const bool lost = !pulse.beats();
    if (given_up || lost) {
      if (fs::remove(request, error)) {  // nobody has claimed it, and now nobody can
        if (lost) refuse_not_under_way(run);
        throw Error(ExitStatus::stopped, fmt::format("{} was withdrawn; the run goes on without it", word));
      }
      if (lost) {
        if (auto answer = take_reply(reply)) return std::move(*answer);
        throw Error(ExitStatus::usage, asked.wish != RunWish::nudge
                                           ? fmt::format("{} ended before it answered", run)
                                           : fmt::format("{} ended before it answered; whether it took the nudge "
                                                         "stands in {}",
                                                         run, RunPaths{run}.nudges()));
      }
    }
    std::this_thread::sleep_for(between_answers);
  }
}

/// "stop"
std::string what_to_do(RunWish wish) {
  if (wish == RunWish::stop) return "stop";
  return wish == RunWish::pause ? "pause" : "go on";
}

}  // namespace

TakenNudges nudge_run(const std::string& run, const std::vector<std::string>& settings,
                      std::optional<std::int64_t> at_step, const std::function<bool()>& cancelled) {
  RunDirectory::require(run);
  check(run, settings, at_step);
  NudgeReply reply = ask(run, {{}, settings, at_step, RunWish::nudge}, "the nudge", cancelled);
  if (reply.status != ExitStatus::done) throw Error(reply.status, reply.text);
  return {NudgeJournal::parse(reply.text, "the answer of the run").nudges(), std::move(reply.notes)};
}

std::string ask_run(const std::string& run, RunWish wish, const std::function<bool()>& cancelled) {
  const std::string word = what_to_do(wish);
  if (RunDirectory::holds_sweep(run))
    throw Error(ExitStatus::usage,
                fmt::format("{0} holds a sweep, which is not asked to {1} by a file; {2}send its processes, or their "
                            "mpirun, SIGUSR1, and go on later with shoal sweep --run {3} --resume",
                            run, word, wish == RunWish::stop ? "" : "to stop it, ", shell_word(run)));
  RunDirectory::require(run);
  const NudgeReply reply = ask(run, {{}, {}, {}, wish}, "the wish to " + word, cancelled);
  if (reply.status != ExitStatus::done) throw Error(reply.status, reply.text);
  if (reply.text.empty())  // of a version that takes it for a nudge of nothing
    throw Error(ExitStatus::usage, fmt::format("{} does not know how to {} when asked; its shoal is an older one{}",
                                               run, word, wish == RunWish::stop ? ": send its processes SIGUSR1" : ""));
  return reply.text;
}

}  // namespace shoal
