#pragma once

#include <string>

#include "shoal/core/json.hpp"

namespace shoal {

/// What the files of a run hold beyond `mark`, and what its settings are now. Keeps nothing between calls: the mark
/// says how far a page has read, and by a hash of what stands before it that the file is still the one it has read.
///
///   "mark"         for the next call
///   "run"          all of it, see run_json(): the first answer, or the run has gone back to an earlier step
///   or
///   "steps"        {"step": [...], "loss", "learning_rate", "samples_per_second"}, null for what was not finite; some
///   of
///                  them may be those of the answer before
///   "evaluations"  [{"step", "epoch", "split", "loss", "accuracy", METRIC: value}]
///   "best"         step of the checkpoint, or null
///   and
///   "nudges"       [{"step", "text"}]
///   "keys"         see nudge_keys(); where there is something new
/// @throws Error  what cannot be read now
Json run_news(const std::string& run, const std::string& mark);

/// {"mark", "sweep": sweep_json()}; without the sweep as long as its files are those of the mark.
Json sweep_news(const std::string& sweep, const std::string& mark);

}  // namespace shoal
