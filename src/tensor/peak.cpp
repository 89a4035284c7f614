#include "shoal/tensor/peak.hpp"

#include <algorithm>
#include <chrono>

#include "shoal/tensor/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/peak.cpp"
#include <hwy/foreach_target.h>
// After foreach_target:
#include "tensor/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

/// Runs `rounds` of twelve chains; returns the floating-point operations done.
double chains_target(int rounds, float* sink) {
  const hn::ScalableTag<float> d;
  constexpr int chains = 12;  // more than latency times units, fewer than the registers of AVX2
  hn::Vec<decltype(d)> sum[chains];
#pragma GCC unroll 12
  for (int c = 0; c < chains; ++c) sum[c] = hn::Set(d, static_cast<float>(c));
  const auto factor = hn::Set(d, 0.999f);
  const auto term = hn::Set(d, 0.001f);
  for (int r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) sum[c] = fused(sum[c], factor, term);
  }
#pragma GCC unroll 12
  for (int c = 0; c < chains; ++c) *sink += hn::GetLane(sum[c]);
  return 2.0 * chains * static_cast<double>(hn::Lanes(d)) * rounds;
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

HWY_EXPORT(chains_target);

double measure_peak_gflops() {
  constexpr int runs = 20;
  constexpr int rounds = 50'000;
  double best = 0.0;
  volatile float kept = 0.0f;
  for (int run = 0; run < runs; ++run) {
    float sink = 0.0f;
    const auto before = std::chrono::steady_clock::now();
    const double flops = HWY_DYNAMIC_DISPATCH(chains_target)(rounds, &sink);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    kept = kept + sink;
    best = std::max(best, flops / seconds * 1e-9);
  }
  return best;
}

}  // namespace shoal
#endif
