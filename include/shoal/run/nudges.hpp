#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/core/settings.hpp"
#include "shoal/run/nudge_request.hpp"

namespace shoal {

/// One change of a hyperparameter by hand, as a line of nudges.jsonl has it.
struct Nudge {
  std::int64_t step = 0;  ///< the first update that it acts on
  std::string key;        ///< "optimizer.learning_rate"
  Setting value;          ///< of the type of the key

  std::string assignment() const;  ///< KEY = VALUE, as a config has it

  bool operator==(const Nudge&) const = default;
};

/// {"step":120,"key":"optimizer.learning_rate","value":0.0003} and a newline.
std::string to_json_line(const Nudge& nudge);

/// The nudges that `KEY=VALUE` asks for from `step` on, one a key.
/// @param config  the one that they change
/// @throws Error  usage: unknown key (names the nearest), one that cannot change in a run, or a wrong value
std::vector<Nudge> parse_nudge(const Config& config, const std::string& assignment, std::int64_t step);

/// The nudges of a run. With its start config and its data they determine the trained parameters.
class NudgeJournal {
 public:
  /// The lines of nudges.jsonl. A torn last line is dropped: nobody was told that it counts.
  /// @param name  of the file, for messages
  /// @throws Error  bad_data: naming the line
  static NudgeJournal parse(const std::string& text, const std::string& name);
  /// Of a run directory; empty where there is no nudges.jsonl.
  static NudgeJournal of_run(const std::string& run);

  void add(const Nudge& nudge) { nudges_.push_back(nudge); }

  const std::vector<Nudge>& nudges() const { return nudges_; }  ///< in the order in which they were agreed on
  bool empty() const { return nudges_.empty(); }
  std::string text() const;               ///< all lines
  bool acts_on(std::int64_t step) const;  ///< whether a nudge acts from this very update on
  NudgeJournal up_to(std::int64_t step) const;
  NudgeJournal after(std::int64_t step) const;

  /// The config of update `step`. Nudges act in the order of their steps, those of one step in the order of their
  /// lines.
  Config config_at(const Config& start, std::int64_t step) const;

  bool operator==(const NudgeJournal&) const = default;

 private:
  std::vector<Nudge> nudges_;
};

/// What came of a request.
struct TakenNudges {
  std::vector<Nudge> nudges;       ///< as they are now in nudges.jsonl
  std::vector<std::string> notes;  ///< what they do not do, or bring about beside what they say
};

/// Asks the process that trains `run`, on whatever host, to change hyperparameters, and waits for its answer.
/// Reads and writes files alone. All settings are taken, at one step, or none.
/// @param settings   KEY=VALUE
/// @param at_step    the first update to act on; by default the next one that all ranks can agree on
/// @param cancelled  asked while waiting; once true, the nudge is withdrawn unless it was taken already
/// @throws Error  no_input: no such run; usage: wrong key or value, a step that is past, a run that nobody trains;
///                stopped: cancelled; input_output
TakenNudges nudge_run(const std::string& run, const std::vector<std::string>& settings,
                      std::optional<std::int64_t> at_step, const std::function<bool()>& cancelled);

/// Asks that process to save and end, as SIGUSR1 does, to save and wait, or to train on: that needs no way to its host
/// but the file system. What the run computes does not depend on it.
/// @param wish  all but RunWish::nudge
/// @returns what the run says once it has saved
/// @throws Error  as nudge_run(); usage: a sweep, which looks at no such files
std::string ask_run(const std::string& run, RunWish wish, const std::function<bool()>& cancelled);

}  // namespace shoal
