#pragma once

#include "shoal/train/explanation.hpp"
#include "train/predict/member.hpp"

namespace shoal {

/// Collective; see DatasetPredictor::explain().
Explanation explain_member(Member& member, const Dataset& data, const Split& split, const ExplainOptions& options);

}  // namespace shoal
