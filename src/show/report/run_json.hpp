#pragma once

#include <string>

#include "shoal/core/json.hpp"

namespace shoal {

/// A run as its page draws it, read from its files alone:
///   kind         "run"
///   name         its folder
///   under_way    whether a process trains it now
///   step, epoch, epochs, steps    of the last update recorded; of the whole run, one of them 0
///   metric       {"name": "validation.loss", "higher_is_better": false}, see train.metric
///   curves       {"loss": CURVE, "learning_rate": CURVE, "samples_per_second": CURVE}; see curve_json()
///   evaluations  {"split", "step": [...], "epoch": [...], "loss": [...]}, and "accuracy" and the metric where there
///   are
///                any; null where one was not finite
///   best, latest  step of the checkpoint, or null
///   marks        [{"step", "kind": "nudge", "resume" or "end" (before its time), "text"}], by step
///   jobs         [{"began", "after_step", "ranks", "hosts", "threads", "cores", "host", "instruction_set", "shoal",
///   "ended",
///                "text"}], the last two null of one under way or killed; see job_log.hpp
///   facts        [[name, text]]: where and how it ran
///   commands     [[line, what for]]: how to repeat it
///   config       [{"key", "value", "default", "now"}], "now" only where a nudge has changed it
///   judgement    null; see judgement_json()
///   explanation  what `shoal explain RUN --json` printed last, or null
/// The same bytes as long as the files are the same.
/// @throws Error  no_input: no run there; bad_data
Json run_json(const std::string& run);

}  // namespace shoal
