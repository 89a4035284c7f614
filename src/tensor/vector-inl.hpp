// Vectors of one instruction set; included once per set by foreach_target (hence no #pragma once).
#if defined(SHOAL_TENSOR_VECTOR_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SHOAL_TENSOR_VECTOR_INL
#undef SHOAL_TENSOR_VECTOR_INL
#else
#define SHOAL_TENSOR_VECTOR_INL
#endif

#include <hwy/highway.h>

#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// a * b + c with one rounding, on every instruction set.
template <class V>
HWY_INLINE V fused(V a, V b, V c) {
#if HWY_TARGET == HWY_SCALAR
  return V(std::fma(a.raw, b.raw, c.raw));
#else
  static_assert(HWY_NATIVE_FMA, "this instruction set must be left out in targets.hpp");
  return hn::MulAdd(a, b, c);
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#endif
