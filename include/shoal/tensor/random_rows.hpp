#pragma once

#include <cstdint>
#include <span>

#include "shoal/core/random.hpp"

namespace shoal {

// Numbers of RandomSource by rows, in vectors: the bits of those that come one by one, on every instruction set.

/// Where the words of a row begin.
struct RowOfWords {
  std::uint64_t item = 0;
  std::uint64_t first_block = 0;
};

/// Rows of `count` factors one behind another: factor i of a row is 0 where word i is below `threshold`, else `kept`.
/// Word 4 b + w is word w of block first_block + b of the item: see RandomSource::block().
template <class T>
void draw_factors(const RandomSource& source, std::span<const RowOfWords> rows, std::uint64_t threshold, T kept,
                  std::int64_t count, T* factors);

/// numbers[i] = source.normal(item, i).
void draw_normals(const RandomSource& source, std::uint64_t item, std::span<double> numbers);

/// numbers[i] = source.uniform(item, i).
void draw_uniforms(const RandomSource& source, std::uint64_t item, std::span<double> numbers);

}  // namespace shoal
