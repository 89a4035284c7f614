#pragma once

#include <string>

#include "data/content_hash.hpp"
#include "progress.hpp"
#include "shoal/io/h5_file.hpp"
#include "table.hpp"

namespace shoal {

/// Writes one array of a split, and adds it to the digest, if it counts (`hash` is not null).
void write_array(H5Writer& writer, ContentHash* hash, const std::string& path, const PlannedSplit& split,
                 const Column& column, ImportProgress& progress);

}  // namespace shoal
