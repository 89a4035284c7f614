#pragma once

#include "shoal/config/config.hpp"
#include "shoal/core/json.hpp"

namespace shoal {

/// The keys that may be nudged, by the one table of keys: an array of
/// {"key", "type": "number"|"integer"|"flag"|"word", "value", "expected", "least", "most", "words", "idle"},
/// of which "least", "most", "words" and "idle" stand only where there are any. "value" is what holds in `now`.
Json nudge_keys(const Config& now);

}  // namespace shoal
