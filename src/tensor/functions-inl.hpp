// Functions of single precision in vectors, with the same bits on every instruction set: each operation is rounded as
// IEEE 754 says, and the same everywhere. Included once per set by foreach_target (hence no #pragma once).
//
// All are at most 2 units in the last place from the function, over all floats, subnormal results included
// (function_bench tries every float). infer/export/c_functions.cpp has them again, in C.
#if defined(SHOAL_TENSOR_FUNCTIONS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SHOAL_TENSOR_FUNCTIONS_INL
#undef SHOAL_TENSOR_FUNCTIONS_INL
#else
#define SHOAL_TENSOR_FUNCTIONS_INL
#endif

#include "tensor/normal_tail.hpp"
#include "tensor/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

/// x, or the limit where x is beyond it. NaN stays: x86 takes the second operand then, others must compare.
template <class D, class V>
HWY_INLINE V at_most(D d, float limit, V x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  return hn::Min(hn::Set(d, limit), x);
#else
  return hn::IfThenElse(x > hn::Set(d, limit), hn::Set(d, limit), x);
#endif
}
template <class D, class V>
HWY_INLINE V at_least(D d, float limit, V x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  return hn::Max(hn::Set(d, limit), x);
#else
  return hn::IfThenElse(x < hn::Set(d, limit), hn::Set(d, limit), x);
#endif
}

template <class V>
HWY_INLINE V fused_negative(V a, V b, V c) {  ///< c - a * b
  return fused(hn::Neg(a), b, c);
}

constexpr float per_log_2 = 1.44269504F;
/// ln 2 in two parts, of which the first, 355 / 512, times a whole number below 2^15 is exact.
constexpr float log_2_high = 0.693359375F;
constexpr float log_2_low = -2.12194440e-4F;
/// Added to a number below 2^22 in size, it rounds to the next whole one, which the lowest bits then hold.
constexpr float to_whole = 12582912.0F;

/// The power of two whose biased exponent the lowest bits of a sum with to_whole hold.
template <class D, class V>
HWY_INLINE V power_of_two(D d, V sum) {
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(hn::RebindToUnsigned<D>(), sum)));
}

/// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2: in e^r an error of 0.07 * 2^-24. tests/golden/make_coefficients.py makes the numbers.
template <class D, class V>
HWY_INLINE V exponential_rest(D d, V r, V square) {
  const V low = fused(r, hn::Set(d, 0.166665211F), hn::Set(d, 0.49999994F));
  const V high = fused(r, hn::Set(d, 0.00836871658F), hn::Set(d, 0.041668389F));
  return fused(square, fused(square, hn::Set(d, 0.00138146116F), high), low);
}

/// e^x = 2^n (1 + rest), rest in (-0.3, 0.42); n stands in `sum` as in power_of_two, `bias` added.
template <class V>
struct Exponential {
  V sum;
  V rest;
};
template <class D, class V>
HWY_INLINE Exponential<V> exponential(D d, V x, float bias) {
  const V round = hn::Set(d, to_whole + bias);
  const V sum = fused(x, hn::Set(d, per_log_2), round);
  const V n = sum - round;
  const V r = fused(n, hn::Set(d, -log_2_low), fused(n, hn::Set(d, -log_2_high), x));
  const V square = r * r;
  return {sum, fused(square, exponential_rest(d, r, square), r)};
}

template <class D, class V>
HWY_INLINE V exp_of(D d, V x) {
  const hn::RebindToUnsigned<D> bits;
  const Exponential<V> e = exponential(d, at_least(d, -104.0F, at_most(d, 89.0F, x)), 2 * 127);
  // 2^n as a product of two, so that subnormal results and infinity are reached.
  const auto both = hn::BitCast(bits, e.sum);
  const auto half = hn::ShiftRight<1>(both);
  const V first = hn::BitCast(d, hn::ShiftLeft<23>(half));
  return fused(first, e.rest, first) * hn::BitCast(d, hn::ShiftLeft<23>(both - half));
}

/// E / (E + 2) with E = e^(2 |x|) - 1, which is accurate near 0 too. The quotient is corrected by what it leaves of E.
template <class D, class V>
HWY_INLINE V tanh_of(D d, V x) {
  const V two = hn::Set(d, 2.0F);
  const V size = hn::Abs(x);
  const Exponential<V> e = exponential(d, at_most(d, 20.0F, size + size), 127);
  const V scale = power_of_two(d, e.sum);
  const V numerator = fused(scale, e.rest, scale - hn::Set(d, 1.0F));
  const V denominator = numerator + two;
  const V quotient = numerator / denominator;
  const V lost = numerator - (denominator - two);
  const V left = fused_negative(quotient, lost, fused_negative(quotient, denominator, numerator));
  // Over the denominator, 2 / (1 - quotient); squared it is as good where that matters, and goes to 0 where `lost` is
  // wrong.
  const V share = fused(quotient, hn::Set(d, -0.707106781F), hn::Set(d, 0.707106781F));
  return hn::CopySignToAbs(fused(left, share * share, quotient), x);
}

/// 2^32 numerator / (1 + e^-x) for x in [-110, 60]: the factor keeps it from being subnormal.
constexpr float sigmoid_bias = 127 - 32;
constexpr float sigmoid_unit = 0x1p-32F;
template <class D, class V>
HWY_INLINE V over_sigmoid_sum(D d, V numerator, V x) {
  const V unit = hn::Set(d, sigmoid_unit);
  const Exponential<V> e = exponential(d, hn::Neg(x), sigmoid_bias);
  const V scale = power_of_two(d, e.sum);
  const V whole = scale + unit;
  const V lost = unit - (whole - scale);
  return numerator / (fused(scale, e.rest, lost) + whole);
}

template <class D, class V>
HWY_INLINE V sigmoid_of(D d, V x) {
  return over_sigmoid_sum(d, hn::Set(d, sigmoid_unit), at_least(d, -104.0F, at_most(d, 40.0F, x)));
}

template <class D, class V>
HWY_INLINE V silu_of(D d, V x) {
  const V inside = at_least(d, -110.0F, x);
  const V y = over_sigmoid_sum(d, inside, inside) * hn::Set(d, sigmoid_unit);
  return hn::IfThenElse(x > hn::Set(d, 20.0F), x, y);
}

/// s (1 + x (1 - s)) with s = sigmoid x.
template <class D, class V>
HWY_INLINE V silu_slope(D d, V x) {
  const V inside = at_least(d, -104.0F, at_most(d, 40.0F, x));
  const Exponential<V> e = exponential(d, hn::Neg(inside), sigmoid_bias);
  const V scale = power_of_two(d, e.sum);
  const V power = fused(scale, e.rest, scale);
  const V share = hn::Set(d, 1.0F) / (power + hn::Set(d, sigmoid_unit));
  return share * fused(inside, power * share, hn::Set(d, 1.0F)) * hn::Set(d, sigmoid_unit);
}

/// Element i of a row of the table for each i.
template <class D, class I>
HWY_INLINE hn::Vec<D> entry([[maybe_unused]] D d, const NormalTail::Row& row, I i) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Vec<D>(row[static_cast<std::size_t>(i.raw)]);
#elif HWY_ARCH_X86
  return hn::TableLookupLanes(hn::LoadU(d, row.data()), hn::IndicesFromVec(d, i));
#else
  return hn::GatherIndex(d, row.data(), i);
#endif
}

/// P(N > a) = 2^-32 scale (1 + rest) ratio for the normal distribution, a >= 0; ratio_low is what ratio lacks.
template <class V>
struct Tail {
  V scale, rest, ratio, ratio_low;
};
constexpr float tail_unit = 0x1p-32F;
constexpr float tail_end = 14.5F;  ///< where a P(N > a) is less than half the least float
template <class D, class V>
HWY_INLINE Tail<V> tail_of(D d, V a) {
  const hn::RebindToSigned<D> whole;
  const V place = fused(a, hn::Set(d, NormalTail::step), hn::Set(d, 1.0F));
  const auto piece = hn::And(hn::ShiftRight<22>(hn::BitCast(whole, place)), hn::Set(whole, 7));
  const V h = a - entry(d, normal_tail.middle, piece);
  V p = entry(d, normal_tail.coefficient[NormalTail::degree], piece);
  for (std::size_t k = NormalTail::degree - 1; k > 0; --k) p = fused(p, h, entry(d, normal_tail.coefficient[k], piece));
  const V first = entry(d, normal_tail.coefficient[0], piece);
  const V more = p * h;
  const V ratio = first + more;

  // e^(-a^2/2), as exponential(), but of a square in two parts, so that no digit of it is lost.
  const V half = hn::Set(d, 0.5F) * a;
  const V high = half * a;
  const V round = hn::Set(d, to_whole + 127 + 32);
  const V sum = fused(high, hn::Set(d, -per_log_2), round);
  const V n = sum - round;
  const V r_high = fused(n, hn::Set(d, log_2_high), high);
  const V r_low = fused(n, hn::Set(d, log_2_low), fused(half, a, hn::Neg(high)));
  const V r = hn::Neg(r_high + r_low);
  const V square = r * r;
  const V rest = fused(square, exponential_rest(d, r, square), hn::Neg(r_low)) - r_high;
  return {power_of_two(d, sum), rest, ratio, more - (ratio - first)};
}

/// relu(x) - |x| P(N > |x|). The product is carried in two parts up to its last rounding.
template <class D, class V>
HWY_INLINE V gelu_of(D d, V x) {
  const V a = at_most(d, tail_end, hn::Abs(x));
  const Tail<V> tail = tail_of(d, a);
  const V high = a * tail.ratio;
  const V low = fused(a, tail.ratio_low, fused(a, tail.ratio, hn::Neg(high)));
  const V product = (fused(tail.rest, high, low) + high) * tail.scale;
  return fused(product, hn::Set(d, -tail_unit), hn::IfThenElseZero(x > hn::Zero(d), x));
}

/// P(N < x) + x density(x): from the tail at |x|, P(N > a) - a density(a), as for x below 0.
template <class D, class V>
HWY_INLINE V gelu_slope(D d, V x) {
  const V a = at_most(d, tail_end, hn::Abs(x));
  const Tail<V> tail = tail_of(d, a);
  const V ratio = fused(a, hn::Set(d, -0.398942280F), tail.ratio);
  const V below = fused(ratio, tail.rest, ratio) * tail.scale * hn::Set(d, tail_unit);
  return hn::IfThenElse(x < hn::Zero(d), below, hn::Set(d, 1.0F) - below);
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#endif
