#include "shoal/core/random.hpp"

#include <Random123/philox.h>

#include "shoal/core/elementary.hpp"
#include "shoal/core/inverse_normal.hpp"

namespace shoal {
namespace {

constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

double inverse_normal_of(double p) {
  const bool upper = p > 0.5;
  const double low = upper ? 1.0 - p : p;  // by symmetry, x <= 0
  double x = low < inverse_normal::tail_ends ? inverse_normal::tail(low) : inverse_normal::middle(low);
  if (x > inverse_normal::polished_from)
    x = inverse_normal::polished(x, low, elementary::erf(inverse_normal::for_erf(x)));
  return upper ? -x : x;
}

}  // namespace

RandomSource::RandomSource(std::uint64_t seed, Purpose purpose, std::uint64_t index, std::uint32_t lane) {
  const auto derived = r123::Philox4x32()({{static_cast<std::uint32_t>(purpose), lane, low(index), high(index)}},
                                          {{low(seed), high(seed)}});
  key_ = {derived[0], derived[1]};
}

std::array<std::uint32_t, 4> RandomSource::block(std::uint64_t item, std::uint64_t block) const {
  const auto words = r123::Philox4x32()({{low(item), high(item), low(block), high(block)}}, {{key_[0], key_[1]}});
  return {words[0], words[1], words[2], words[3]};
}

std::uint64_t RandomSource::bits(std::uint64_t item, std::uint64_t element) const {
  const auto words = block(item, element / 2);
  const std::size_t at = element % 2 == 0 ? 0 : 2;
  return (static_cast<std::uint64_t>(words[at + 1]) << 32) | words[at];
}

double RandomSource::uniform(std::uint64_t item, std::uint64_t element) const { return on_unit(bits(item, element)); }

std::uint64_t RandomSource::below(std::uint64_t bound, std::uint64_t item, std::uint64_t element) const {
  // The high half of a 64 x 64 bit product: biased by less than bound / 2^64.
  const std::uint64_t x = bits(item, element);
  const std::uint64_t cross =
      (x >> 32) * (bound & 0xffffffffULL) + (((x & 0xffffffffULL) * (bound & 0xffffffffULL)) >> 32);
  const std::uint64_t other = (x & 0xffffffffULL) * (bound >> 32) + (cross & 0xffffffffULL);
  return (x >> 32) * (bound >> 32) + (cross >> 32) + (other >> 32);
}

double RandomSource::normal(std::uint64_t item, std::uint64_t element) const {
  return inverse_normal_of(inside_unit(bits(item, element)));
}

}  // namespace shoal
