#pragma once

#include <string>

#include "shoal/data/dataset.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/infer/prediction_pass.hpp"

namespace shoal {

/// Whether the numbers of a split are plainly on another scale than those that a model was trained on: fractions, or
/// numbers below 0 or above 255, for bytes, bytes for numbers of about 0 to 1 or for some below 0, far smaller ones
/// (see SmallerScale), or all to one side (see ShiftedScale). Looks at some rows that are spread
/// over the split; says what may be so, and throws where it cannot be otherwise. Larger ones are told by FarValues.
/// @throws Error(bad_data)  names both, and what to do
void check_scale(const Split& split, const std::string& set, const ColumnMatch& match, const TrainedModel& trained);

}  // namespace shoal
