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

/// c - a * b with one rounding.
template <class V>
HWY_INLINE V fused_negative(V a, V b, V c) {
#if HWY_TARGET == HWY_SCALAR
  return V(std::fma(-a.raw, b.raw, c.raw));
#else
  return hn::NegMulAdd(a, b, c);
#endif
}

/// a * b - c with one rounding.
template <class V>
HWY_INLINE V fused_minus(V a, V b, V c) {
#if HWY_TARGET == HWY_SCALAR
  return V(std::fma(a.raw, b.raw, -c.raw));
#else
  return hn::MulSub(a, b, c);
#endif
}

/// c0 + c1 x + c2 x^2 ..., the coefficients given from the highest power on.
template <class D, class V, class... Rest>
HWY_INLINE V polynomial(D d, V x, float highest, Rest... rest) {
  V p = hn::Set(d, highest);
  ((p = fused(p, x, hn::Set(d, rest))), ...);
  return p;
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

/// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2: in e^r an error of 0.07 * 2^-24, see tests/golden/make_coefficients.py.
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

/// P(N > a) = 2^-32 scale (1 + small + large) / (whole + lost) for the normal distribution, a >= 0. 1 + small + large
/// is e^(-a^2/2) over a power of two, of which the square was in two parts, so that no digit of it is lost; whole +
/// lost, the rest, is 2 + a (square root of 2 pi + a quotient of polynomials), as near 0 as 1 / density is for large a.
template <class V>
struct Tail {
  V scale, small, large, whole, lost;
};
constexpr float tail_unit = 0x1p-32F;
constexpr float tail_end = 14.5F;  ///< where a P(N > a) is less than half the least float
template <class D, class V>
HWY_INLINE Tail<V> tail_of(D d, V a) {
  const V root = hn::Set(d, 2.50662827F);
  const V above = polynomial(d, a, -0.018739773F, -0.154386654F, -0.552726567F, -0.910857499F);
  const V below = polynomial(d, a, 0.00937138684F, 0.0888738409F, 0.388943464F, 0.90677911F, 1.0F);
  const V start = fused(a, above / below, hn::Set(d, 2.0F));
  const V whole = fused(a, root, start);

  const V half = hn::Set(d, -0.5F) * a;
  const V high = half * a;
  const V round = hn::Set(d, to_whole + 127 + 32);
  const V sum = fused(high, hn::Set(d, per_log_2), round);
  const V n = sum - round;
  const V large = fused(n, hn::Set(d, -log_2_high), high);
  const V low = fused(n, hn::Set(d, -log_2_low), fused_minus(half, a, high));
  const V r = large + low;
  const V square = r * r;
  const V small = fused(square, exponential_rest(d, r, square), low);
  return {power_of_two(d, sum), small, large, whole, fused_minus(a, root, whole) + start};
}

/// relu(x) - |x| P(N > |x|). The product is carried in two parts up to its last rounding.
template <class D, class V>
HWY_INLINE V gelu_of(D d, V x) {
  const V a = at_most(d, tail_end, hn::Abs(x));
  const Tail<V> tail = tail_of(d, a);
  const V share = hn::Set(d, 1.0F) / tail.whole;
  const V high = a * share;
  const V low = fused_negative(high, tail.lost, fused_negative(high, tail.whole, a)) * share;
  const V more = fused(high, tail.large, fused(low, tail.large, fused(high, tail.small, low)));
  return fused((more + high) * tail.scale, hn::Set(d, -tail_unit), hn::IfThenElseZero(x > hn::Zero(d), x));
}

/// P(N < x) + x density(x): from the tail at |x|, P(N > a) - a density(a), as for x below 0.
template <class D, class V>
HWY_INLINE V gelu_slope(D d, V x) {
  const V a = at_most(d, tail_end, hn::Abs(x));
  const Tail<V> tail = tail_of(d, a);
  const V share = fused(a, hn::Set(d, -0.398942292F), hn::Set(d, 1.0F) / tail.whole);
  const V below = fused(share, tail.large + tail.small, share) * tail.scale * hn::Set(d, tail_unit);
  return hn::IfThenElse(x < hn::Zero(d), below, hn::Set(d, 1.0F) - below);
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#endif
