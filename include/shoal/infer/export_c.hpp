#pragma once

// A trained model for programs that know nothing of shoal.

#include <cstdint>
#include <string>

#include "shoal/infer/prediction_pass.hpp"

namespace shoal {

/// Trained numbers of a model that C source is written of: a compiler takes about a second and 200 MB for a million.
inline constexpr std::int64_t most_numbers_in_c = 4'000'000;

struct CSource {
  std::string header;  ///< which the source includes
  std::string source;  ///< C99 without malloc, that needs libc and libm alone
};

/// Predictions of one row at a time, with the bits of Predictor, from a row as it takes it; what there is to call
/// stands in the header.
/// @param name    what all names begin with: a C identifier
/// @param digest  of the checkpoint, see digest()
/// @param header_file  what the source includes
/// @throws Error  usage: `name` is none, `header_file` has a quote or line end, the model is too large, or has an
/// operation that is unknown; bad_data: a
///                parameter is not finite, a name has no place in a C source
CSource export_c(const TrainedModel& trained, const std::string& digest, const std::string& name,
                 const std::string& header_file);

/// A name for it, from that of a file: letters, digits and _.
std::string c_name_of(const std::string& file);

}  // namespace shoal
