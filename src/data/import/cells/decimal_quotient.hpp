#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace shoal {

__extension__ using Bits128 = unsigned __int128;

/// 5^-n as digits * 2^-(64 + log2): its first 64 bits, cut off.
struct FifthPower {
  std::uint64_t digits = 0;
  int log2 = 0;  ///< of 5^n, rounded down
};

inline constexpr int most_fraction = 27;  // 5^27 has 63 bits

inline constexpr std::array<FifthPower, most_fraction + 1> fifth_powers = [] {
  std::array<FifthPower, most_fraction + 1> powers{};
  std::uint64_t five = 1;
  for (std::size_t n = 1; n < powers.size(); ++n) {
    five *= 5;
    const int log2 = static_cast<int>(std::bit_width(five)) - 1;
    powers[n] = {static_cast<std::uint64_t>((Bits128{1} << (64 + log2)) / five), log2};
  }
  return powers;
}();

/// The double nearest to m / 10^fraction. m: not 0; fraction: in [1, most_fraction].
/// @returns false where the first 64 bits of the quotient do not tell, about once in a thousand
/// Source: Lemire, Number parsing at a gigabyte per second (2021), section 5, with 64 bits of the power.
inline bool decimal_quotient(std::uint64_t m, int fraction, double& value) {
  const FifthPower& power = fifth_powers[static_cast<std::size_t>(fraction)];
  const int shift = std::countl_zero(m);
  const Bits128 product = static_cast<Bits128>(m << shift) * power.digits;
  // What was cut off the power is less than one of its bits: the quotient lies in [high, high + 2).
  const auto high = static_cast<std::uint64_t>(product >> 64);
  const int drop =
      10 + static_cast<int>(high >> 63);  // bits behind the 53 of a double; the first bit of the product may be 0
  const std::uint64_t half = std::uint64_t{1} << (drop - 1);
  const std::uint64_t rest = high & (2 * half - 1);
  if (rest - half + 1 <= 1) return false;  // the middle of two doubles is near
  const std::uint64_t mantissa = ((high >> (drop - 1)) + 1) >> 1;
  // The first bit of the mantissa, or of one that was rounded up to 2^53, adds 1 to the exponent.
  const int exponent = 1022 + 52 + drop - shift - power.log2 - fraction;
  value = std::bit_cast<double>((static_cast<std::uint64_t>(exponent) << 52) + mantissa);
  return true;
}

}  // namespace shoal
