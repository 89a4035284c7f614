#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/tune/sweep_view.hpp"
#include "tune/search_plan.hpp"

namespace shoal {

/// What became of a trial on one rung: a function of (config, data, seed, trial), but for what is between the lines.
struct Outcome {
  std::int64_t trial = 0;
  std::int64_t rung = 0;
  bool failed = false;
  std::string reason;             ///< why it failed
  std::vector<CurvePoint> curve;  ///< since the trial's start; of a finished one not empty unless it failed

  double seconds = 0.0;  ///< ---- that this training took
  int rank = 0;          ///< that led it

  std::int64_t fold = 0;  ///< ---- of a model that is one of several; 0 of the trial as a whole. See TrialPart
  std::vector<Outcome> folds = {};  ///< of the trial as a whole, by number: see combine_folds(). In no journal
};

/// Whether a point has a place of its own for it.
bool stands_apart(Metric metric);
/// The metric that the trial ended with. The outcome did not fail. @throws Error(internal)  it has none
double metric_of(const Outcome& outcome, Metric metric);
/// What the trial is compared by; as metric_of().
Score score_of(const Outcome& outcome, Metric metric);

/// Everything known of one trial: its outcomes by rung.
using History = std::vector<Outcome>;
/// How every trial stands, by number.
std::vector<Standing> standings_of(const std::vector<History>& trials, Metric metric);

/// A JSON object on one line, with its newline, but for `folds`; read back it is equal to the last bit.
std::string to_json_line(const Outcome& outcome);
/// Nothing for a line that is none, such as one that a killed writer left torn.
std::optional<Outcome> parse_outcome(const std::string& line);
/// Of lines that to_json_line() has made in this job. @throws Error(internal)  for one that does not read back
std::vector<Outcome> outcomes_of(const std::string& lines);

}  // namespace shoal
