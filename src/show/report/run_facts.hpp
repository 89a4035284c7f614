#pragma once

#include "shoal/core/json.hpp"
#include "show/report/run_record.hpp"

namespace shoal {

/// Where and how a run ran, as [[name, text]], with what its newest checkpoint says.
Json facts_of(const RunRecord& record);

/// How to repeat it, as [[command line, what for]].
Json commands_of(const RunRecord& record);

}  // namespace shoal
