#include "tune/sobol.hpp"

#include <array>
#include <cassert>
#include <cstddef>

namespace shoal {
namespace {

constexpr std::size_t bits = 32;

/// A primitive polynomial of degree `degree` with inner coefficients `a`, and the first numbers m_1, m_2, ...
struct Generator {
  std::size_t degree;
  std::uint32_t a;
  std::array<std::uint32_t, 7> m;
};

// Dimensions 2 to 24; the first is the van der Corput sequence.
constexpr std::array<Generator, most_sobol_dimensions - 1> generators = {{
    {1, 0, {1}},
    {2, 1, {1, 3}},
    {3, 1, {1, 3, 1}},
    {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}},
    {4, 4, {1, 3, 5, 13}},
    {5, 2, {1, 1, 5, 5, 17}},
    {5, 4, {1, 1, 5, 5, 5}},
    {5, 7, {1, 1, 7, 11, 19}},
    {5, 11, {1, 1, 5, 1, 1}},
    {5, 13, {1, 1, 1, 3, 11}},
    {5, 14, {1, 3, 5, 5, 31}},
    {6, 1, {1, 3, 3, 9, 7, 49}},
    {6, 13, {1, 1, 1, 15, 21, 21}},
    {6, 16, {1, 3, 1, 13, 27, 49}},
    {6, 19, {1, 1, 1, 15, 7, 5}},
    {6, 22, {1, 3, 1, 15, 13, 25}},
    {6, 25, {1, 1, 5, 5, 19, 61}},
    {7, 1, {1, 3, 7, 11, 23, 15, 103}},
    {7, 4, {1, 3, 7, 13, 13, 15, 69}},
    {7, 7, {1, 1, 3, 13, 7, 35, 63}},
    {7, 8, {1, 3, 5, 9, 1, 25, 53}},
    {7, 14, {1, 3, 1, 13, 9, 35, 107}},
}};

using Directions = std::array<std::uint32_t, bits>;

/// m_k = m_{k-s} ^ 2^s m_{k-s} ^ sum over i of 2^i a_i m_{k-i}, as numbers v_k = m_k 2^(32-k).
Directions directions_of(const Generator& g) {
  Directions v{};
  for (std::size_t k = 0; k < bits; ++k) {
    if (k < g.degree) {
      v[k] = g.m[k] << (bits - 1 - k);
      continue;
    }
    v[k] = v[k - g.degree] ^ (v[k - g.degree] >> g.degree);
    for (std::size_t i = 1; i < g.degree; ++i) {
      if ((g.a >> (g.degree - 1 - i)) & 1U) v[k] ^= v[k - i];
    }
  }
  return v;
}

std::array<Directions, most_sobol_dimensions> make_directions() {
  std::array<Directions, most_sobol_dimensions> all{};
  for (std::size_t k = 0; k < bits; ++k) all[0][k] = std::uint32_t{1} << (bits - 1 - k);
  for (std::size_t d = 1; d < all.size(); ++d) all[d] = directions_of(generators[d - 1]);
  return all;
}

std::uint32_t reversed(std::uint32_t x) {
  std::uint32_t result = 0;
  for (std::size_t k = 0; k < bits; ++k) result |= ((x >> k) & 1U) << (bits - 1 - k);
  return result;
}

/// A bijection in which every bit depends on lower bits and the seed alone: applied to reversed bits, it permutes the
/// halves of every interval [i / 2^m, (i + 1) / 2^m).
std::uint32_t permuted(std::uint32_t x, std::uint32_t seed) {
  x ^= x * 0x3d20adeaU;
  x += seed;
  x *= (seed >> 16) | 1U;
  x ^= x * 0x05526c56U;
  x ^= x * 0x53a22864U;
  return x;
}

}  // namespace

std::uint32_t sobol_bits(std::uint32_t index, int dimension) {
  static const auto directions = make_directions();
  assert(dimension >= 0 && dimension < most_sobol_dimensions);
  std::uint32_t x = 0;
  for (std::size_t k = 0; k < bits; ++k) {
    if ((index >> k) & 1U) x ^= directions[static_cast<std::size_t>(dimension)][k];
  }
  return x;
}

double scrambled_sobol(std::uint32_t index, int dimension, std::uint32_t seed) {
  const std::uint32_t x = reversed(permuted(reversed(sobol_bits(index, dimension)), seed));
  return (static_cast<double>(x) + 0.5) * 0x1p-32;
}

}  // namespace shoal
