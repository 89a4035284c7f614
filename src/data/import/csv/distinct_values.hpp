#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace shoal {

/// How many different values a column has, counted exactly up to a limit. Whole numbers of a byte take a bit each;
/// others an entry of a hash table with open addresses.
class DistinctValues {
 public:
  static constexpr std::size_t most = 1000;  ///< beyond it values are no longer counted

  /// value: not NaN; -0.0 is 0.0
  [[gnu::always_inline]] void add(double value) {
    if (too_many_) return;
    const auto byte = static_cast<std::uint32_t>(value >= 0.0 && value < 256.0 ? value : 0.5);
    if (static_cast<double>(byte) == value) {
      bytes_[byte / 64] |= std::uint64_t{1} << (byte % 64);
    } else {
      add_key(std::bit_cast<std::uint64_t>(value));
    }
  }
  /// Of texts, by a hash of theirs. Not to be mixed with numbers.
  void add_hash(std::uint64_t hash) {
    if (!too_many_) add_key(hash | 1);
  }
  void merge(const DistinctValues& other);
  /// Nothing is counted from here on: there are too many elsewhere.
  void give_up();

  bool too_many() const { return too_many_; }
  /// Unless there are too many.
  std::size_t count() const;

 private:
  static constexpr int bits = 11;  // of a place: half of them stay empty, and more
  /// Neighbouring numbers differ in few bits, which a product by an odd number spreads to the upper ones.
  static std::size_t start_of(std::uint64_t key) {
    return static_cast<std::size_t>(((key ^ (key >> 32)) * 0x9E3779B97F4A7C15ULL) >> (64 - bits));
  }
  [[gnu::always_inline]] void add_key(std::uint64_t key) {  // never 0, which is an empty place
    if (places_.empty() || places_[start_of(key)] != key) insert(key);
  }
  void insert(std::uint64_t key);

  bool too_many_ = false;
  std::size_t taken_ = 0;
  std::array<std::uint64_t, 4> bytes_ = {};
  std::vector<std::uint64_t> places_;
};

}  // namespace shoal
