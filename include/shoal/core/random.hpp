#pragma once

#include <array>
#include <cstdint>

namespace shoal {

/// What a random number is for. The numbers are part of every file's meaning: append, never renumber.
enum class Purpose : std::uint32_t {
  initialise = 1,
  shuffle_blocks = 2,
  shuffle_rows = 3,
  hold_out = 4,  ///< which rows an importer or a sweep sets apart
  dropout = 5,
  synth = 6,
  search = 7,
  unseen = 8,   ///< which values of categories training takes for unseen
  augment = 9,  ///< how training shifts, turns and cuts its images
};

/// Counter-based random numbers: each is a pure function of (seed, purpose, index, lane, item, element), so that no
/// stream has state to save and it does not matter who draws a number, or when.
///   index: the step or epoch      lane: which layer, parameter or the like      item: the global sample index
/// Philox4x32-10. Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (SC 2011).
class RandomSource {
 public:
  RandomSource(std::uint64_t seed, Purpose purpose, std::uint64_t index = 0, std::uint32_t lane = 0);

  /// Four independent 32-bit numbers: elements [4 * block, 4 * block + 4) of the item.
  std::array<std::uint32_t, 4> block(std::uint64_t item, std::uint64_t block) const;

  /// 64 random bits; uses words 2 * element and 2 * element + 1 of the item.
  std::uint64_t bits(std::uint64_t item, std::uint64_t element = 0) const;
  /// Uniform in [0, 1), on a grid of 2^-53.
  double uniform(std::uint64_t item, std::uint64_t element = 0) const;
  /// Uniform whole number in [0, bound), bound > 0.
  std::uint64_t below(std::uint64_t bound, std::uint64_t item, std::uint64_t element = 0) const;
  /// Standard normal, by the inverse of its distribution function.
  double normal(std::uint64_t item, std::uint64_t element = 0) const;

  /// Of the Philox blocks: for those who make many at a time.
  const std::array<std::uint32_t, 2>& key() const { return key_; }

  /// From 64 random bits to [0, 1), on a grid of 2^-53.
  static double on_unit(std::uint64_t bits) {
    return static_cast<double>(static_cast<std::int64_t>(bits >> 11)) * 0x1p-53;
  }
  /// To the middle of one of 2^52 cells of (0, 1), so that 0 and 1 cannot come out.
  static double inside_unit(std::uint64_t bits) {
    return static_cast<double>(static_cast<std::int64_t>(bits >> 12)) * 0x1p-52 + 0x1p-53;
  }

 private:
  std::array<std::uint32_t, 2> key_;
};

}  // namespace shoal
