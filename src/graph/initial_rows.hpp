#pragma once

#include <cstdint>
#include <span>

#include "shoal/graph/initializer.hpp"

namespace shoal {

/// Initializer::value() of a whole row of a (rows, columns) parameter. numbers: (columns)
void initialize_row(const Initializer& initializer, std::uint64_t seed, std::uint32_t lane, std::int64_t rows,
                    std::int64_t row, std::span<double> numbers);

}  // namespace shoal
