#pragma once

// What takes all rows of a split, some at a time.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "shoal/data/dataset.hpp"

namespace shoal {

/// Calls body with the numbers of neighbouring rows, rising, until all have been given.
void for_rows(const Split& split, const std::function<void(std::span<const std::int64_t>)>& body);

/// How many rows each class has. Only with has_labels(). @throws Error  as Split::read_labels()
std::vector<std::int64_t> rows_by_class(const Split& split);

}  // namespace shoal
