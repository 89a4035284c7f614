#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "progress.hpp"
#include "shoal/io/h5_file.hpp"
#include "table.hpp"

namespace shoal {

/// What is told of an array that is written: its bytes, some rows at a time, in their order.
using RowsTold = std::function<void(std::span<const std::byte> rows)>;

/// Rows of the split, then a row of the column.
std::vector<std::int64_t> array_shape(const PlannedSplit& split, const Column& column);

/// Writes one array of a split.
void write_array(H5Writer& writer, const std::string& path, const PlannedSplit& split, const Column& column,
                 ImportProgress& progress, const RowsTold& told);

}  // namespace shoal
