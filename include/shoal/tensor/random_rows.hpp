#pragma once

#include <cstdint>
#include <span>

#include "shoal/core/random.hpp"

namespace shoal {

// Numbers of RandomSource by rows, in vectors: the bits of those that come one by one, on every instruction set.

/// factors[i] = 0 where word i is below `threshold`, else `kept`. Word 4 b + w is word w of block first_block + b of
/// the item: see RandomSource::block().
template <class T>
void draw_factors(const RandomSource& source, std::uint64_t item, std::uint64_t first_block, std::uint64_t threshold,
                  T kept, std::int64_t count, T* factors);

/// numbers[i] = source.normal(item, i).
void draw_normals(const RandomSource& source, std::uint64_t item, std::span<double> numbers);

/// numbers[i] = source.uniform(item, i).
void draw_uniforms(const RandomSource& source, std::uint64_t item, std::span<double> numbers);

}  // namespace shoal
