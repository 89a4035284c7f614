// The single-precision functions of shoal/core/elementary.hpp in vectors, operation by operation, so that they give the
// same bits; included once per instruction set by foreach_target (hence no #pragma once). As loops over the scalar ones
// they stay scalar, 30 times as slow: the compiler does not turn their choices into selections.
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

/// c0 + c1 x + c2 x^2 ..., the coefficients given from the highest power on.
template <class D, class V, class... Rest>
HWY_INLINE V polynomial(D d, V x, float highest, Rest... rest) {
  V p = hn::Set(d, highest);
  ((p = fused(p, x, hn::Set(d, rest))), ...);
  return p;
}

/// 2^k for whole k in [-126, 127].
template <class D, class I>
HWY_INLINE hn::Vec<D> power_of_two(D d, I k) {
  const hn::RebindToSigned<D> whole;
  return hn::BitCast(d, hn::ShiftLeft<23>(k + hn::Set(whole, 127)));
}

template <class D, class V>
HWY_INLINE V exp_of(D d, V x) {
  const hn::RebindToSigned<D> whole;
  const V most = hn::Set(d, 89.0f);
  const V least = hn::Set(d, -104.0f);
  const V inside = hn::IfThenElse(x > most, most, hn::IfThenElse(x > least, x, least));  // NaN too
  const V k = hn::Floor(fused(inside, hn::Set(d, 1.44269504f), hn::Set(d, 0.5f)));
  const V r = fused(k, hn::Set(d, 1.90465421e-9f), fused(k, hn::Set(d, -0.693147183f), inside));
  const V p =
      polynomial(d, r, 1.0f / 5040.0f, 1.0f / 720.0f, 1.0f / 120.0f, 1.0f / 24.0f, 1.0f / 6.0f, 0.5f, 1.0f, 1.0f);
  const auto n = hn::ConvertTo(whole, k);
  const auto half = hn::ShiftRight<1>(n - hn::ShiftRight<31>(n));  // towards zero, as n / 2
  const V result = p * power_of_two(d, half) * power_of_two(d, n - half);
  return hn::IfThenElse(x == x, result, x);
}

template <class D, class V>
HWY_INLINE V tanh_of(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V size = hn::Abs(x);
  const V z = x * x;
  const V p = polynomial(d, z, 0.0022956033f, -0.0083467253f, 0.02176986f, -0.053959388f, 0.13333304f, -0.33333334f);
  const V near = fused(x * z, p, x);
  const V far = one - hn::Set(d, 2.0f) / (exp_of(d, hn::Set(d, 2.0f) * size) + one);
  return hn::IfThenElse(size < hn::Set(d, 0.625f), near, hn::IfThenElse(x < hn::Zero(d), hn::Neg(far), far));
}

template <class D, class V>
HWY_INLINE V sigmoid_of(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V e = exp_of(d, hn::Neg(hn::Abs(x)));
  return hn::IfThenElse(x < hn::Zero(d), e, one) / (one + e);
}

template <class D, class V>
HWY_INLINE V normal_distribution_of(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V z = hn::Abs(x) * hn::Set(d, 0.707106781f);
  const V t = one / fused(hn::Set(d, 0.5f), z, one);
  const V p = polynomial(d, t, 0.17087277f, -0.82215223f, 1.48851587f, -1.13520398f, 0.27886807f, -0.18628806f,
                         0.09678418f, 0.37409196f, 1.00002368f, -1.26551223f);
  const V tail = hn::Set(d, 0.5f) * t * exp_of(d, fused(hn::Neg(z), z, p));  // of -|x|
  return hn::IfThenElse(x < hn::Zero(d), tail, one - tail);
}

template <class D, class V>
HWY_INLINE V gelu_of(D d, V x) {
  return x * normal_distribution_of(d, x);
}
template <class D, class V>
HWY_INLINE V gelu_slope(D d, V x) {
  const V density = hn::Set(d, 0.3989422804014327f) * exp_of(d, hn::Set(d, -0.5f) * x * x);
  return fused(x, density, normal_distribution_of(d, x));
}

template <class D, class V>
HWY_INLINE V silu_of(D d, V x) {
  return x * sigmoid_of(d, x);
}
template <class D, class V>
HWY_INLINE V silu_slope(D d, V x) {
  const V share = sigmoid_of(d, x);
  const V one = hn::Set(d, 1.0f);
  return share * fused(x, one - share, one);
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#endif
