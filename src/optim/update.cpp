#include "optim/update.hpp"

#include <cmath>

#include "shoal/core/elementary.hpp"
#include "shoal/tensor/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/update.cpp"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#ifndef SHOAL_OPTIM_UPDATE_FACTORS
#define SHOAL_OPTIM_UPDATE_FACTORS
namespace shoal {

/// What the loops use: computed in double once per update, then rounded once.
struct Factors {
  float batch;
  float inverse;  // 1 / batch where that is exact, so that a product has the bits of the quotient; else 0
  float clip;
  float l2;
  float rate;      // on the step: learning_rate, for adam also the bias correction of m, for lamb the trust ratio
  float decay;     // weight_decay, for adamw times learning_rate
  float momentum;  // of v
  float mean;      // 1 - beta1
  float square;    // 1 - beta2, or 1 - rho
  float root;      // 1 / sqrt(1 - beta2^t)
  float unbias;    // 1 / (1 - beta1^t)
  float trust;     // of lars
  float epsilon;
};

}  // namespace shoal
#endif

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

// Factors are taken by value: a reference could alias the floats that are stored. An average decays as
// a + (1 - beta) (x - a), so that its two weights sum to 1 although beta is rounded.

template <bool exact_inverse>
HWY_INLINE float gradient(const Factors& f, float sum, float w) {
  const float mean = exact_inverse ? sum * f.inverse : sum / f.batch;
  return std::fma(f.l2, w, mean * f.clip);
}

struct OneRow {
  const float* left;
  float operator[](std::size_t i) const { return left[i]; }
};
struct TwoRows {
  const float* left;
  const float* right;
  float operator[](std::size_t i) const { return left[i] + right[i]; }
};

/// Calls loop(rows), so that each kind has a loop of its own.
template <class F>
HWY_INLINE void with_rows(const GradientSum& sum, F loop) {
  if (sum.right() == nullptr) return loop(OneRow{sum.left().data()});
  loop(TwoRows{sum.left().data(), sum.right()});
}

template <class Rows>
HWY_INLINE void gd_rows(const Factors f, std::size_t n, float* HWY_RESTRICT w, const Rows sum) {
  for (std::size_t i = 0; i < n; ++i) w[i] = std::fma(-f.rate, gradient<false>(f, sum[i], w[i]), w[i]);
}

template <bool trusts, bool nesterov, class Rows>
HWY_INLINE void momentum_rows(const Factors f, std::size_t n, float* HWY_RESTRICT w, const Rows sum,
                              float* HWY_RESTRICT velocity) {
  for (std::size_t i = 0; i < n; ++i) {
    float change = gradient<false>(f, sum[i], w[i]);
    if constexpr (trusts) change = f.trust * std::fma(f.decay, w[i], change);
    velocity[i] = std::fma(f.momentum, velocity[i], change);
    w[i] = std::fma(-f.rate, nesterov ? std::fma(f.momentum, velocity[i], change) : velocity[i], w[i]);
  }
}

template <class Rows>
HWY_INLINE void rmsprop_rows(const Factors f, std::size_t n, float* HWY_RESTRICT w, const Rows sum,
                             float* HWY_RESTRICT square) {
  for (std::size_t i = 0; i < n; ++i) {
    const float g = gradient<false>(f, sum[i], w[i]);
    square[i] = std::fma(f.square, g * g - square[i], square[i]);
    w[i] = std::fma(-f.rate, g / (std::sqrt(square[i]) + f.epsilon), w[i]);
  }
}

template <bool exact_inverse, class Rows>
HWY_INLINE void adam_rows(const Factors f, std::size_t n, float* HWY_RESTRICT w, const Rows sum, float* HWY_RESTRICT m,
                          float* HWY_RESTRICT v) {
  for (std::size_t i = 0; i < n; ++i) {
    const float g = gradient<exact_inverse>(f, sum[i], w[i]);
    m[i] = std::fma(f.mean, g - m[i], m[i]);
    v[i] = std::fma(f.square, g * g - v[i], v[i]);
    const float kept = std::fma(-f.decay, w[i], w[i]);
    w[i] = std::fma(-f.rate, m[i] / std::fma(std::sqrt(v[i]), f.root, f.epsilon), kept);
  }
}

/// What lamb scales and subtracts, of moments that are those of this step.
HWY_INLINE float lamb_step(const Factors& f, float w, float m, float v) {
  return std::fma(f.decay, w, f.unbias * m / std::fma(std::sqrt(v), f.root, f.epsilon));
}

template <class Rows>
HWY_INLINE void lamb_rows(const Factors f, std::size_t n, float* HWY_RESTRICT w, const Rows sum, float* HWY_RESTRICT m,
                          float* HWY_RESTRICT v) {
  for (std::size_t i = 0; i < n; ++i) {
    const float g = gradient<false>(f, sum[i], w[i]);
    m[i] = std::fma(f.mean, g - m[i], m[i]);
    v[i] = std::fma(f.square, g * g - v[i], v[i]);
    w[i] = std::fma(-f.rate, lamb_step(f, w[i], m[i], v[i]), w[i]);
  }
}

template <class Rows>
HWY_INLINE void lamb_change_rows(const Factors f, std::size_t n, const float* HWY_RESTRICT w, const Rows sum,
                                 const float* HWY_RESTRICT m, const float* HWY_RESTRICT v, float* HWY_RESTRICT change) {
  for (std::size_t i = 0; i < n; ++i) {
    const float g = gradient<false>(f, sum[i], w[i]);
    change[i] = lamb_step(f, w[i], std::fma(f.mean, g - m[i], m[i]), std::fma(f.square, g * g - v[i], v[i]));
  }
}

template <class Rows>
HWY_INLINE void gradient_rows(const Factors f, std::size_t n, const float* HWY_RESTRICT w, const Rows sum,
                              float* HWY_RESTRICT change) {
  for (std::size_t i = 0; i < n; ++i) change[i] = gradient<false>(f, sum[i], w[i]);
}

void gd_loop(const Factors f, std::size_t n, float* w, const GradientSum& sum) {
  with_rows(sum, [&](auto rows) HWY_ATTR { gd_rows(f, n, w, rows); });
}

void momentum_loop(const Factors f, std::size_t n, float* w, const GradientSum& sum, float* velocity, bool nesterov) {
  with_rows(sum, [&](auto rows) HWY_ATTR {
    if (nesterov) return momentum_rows<false, true>(f, n, w, rows, velocity);
    momentum_rows<false, false>(f, n, w, rows, velocity);
  });
}

void lars_loop(const Factors f, std::size_t n, float* w, const GradientSum& sum, float* velocity, bool nesterov) {
  with_rows(sum, [&](auto rows) HWY_ATTR {
    if (nesterov) return momentum_rows<true, true>(f, n, w, rows, velocity);
    momentum_rows<true, false>(f, n, w, rows, velocity);
  });
}

void lars_change_loop(const Factors f, std::size_t n, const float* w, const GradientSum& sum, float* change) {
  with_rows(sum, [&](auto rows) HWY_ATTR { gradient_rows(f, n, w, rows, change); });
}

void lamb_loop(const Factors f, std::size_t n, float* w, const GradientSum& sum, float* m, float* v) {
  with_rows(sum, [&](auto rows) HWY_ATTR { lamb_rows(f, n, w, rows, m, v); });
}

void lamb_change_loop(const Factors f, std::size_t n, const float* w, const GradientSum& sum, const float* m,
                      const float* v, float* change) {
  with_rows(sum, [&](auto rows) HWY_ATTR { lamb_change_rows(f, n, w, rows, m, v, change); });
}

void rmsprop_loop(const Factors f, std::size_t n, float* w, const GradientSum& sum, float* square) {
  with_rows(sum, [&](auto rows) HWY_ATTR { rmsprop_rows(f, n, w, rows, square); });
}

/// Division is what takes the time: one of two, beside a root.
void adam_loop(const Factors f, std::size_t n, float* w, const GradientSum& sum, float* m, float* v) {
  with_rows(sum, [&](auto rows) HWY_ATTR {
    if (f.inverse > 0.0F) return adam_rows<true>(f, n, w, rows, m, v);
    adam_rows<false>(f, n, w, rows, m, v);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {
namespace {

HWY_EXPORT(gd_loop);
HWY_EXPORT(momentum_loop);
HWY_EXPORT(rmsprop_loop);
HWY_EXPORT(adam_loop);
HWY_EXPORT(lars_loop);
HWY_EXPORT(lars_change_loop);
HWY_EXPORT(lamb_loop);
HWY_EXPORT(lamb_change_loop);

Factors common_factors(const UpdateScalars& s) {
  Factors f{};
  f.batch = s.batch;
  int exponent = 0;
  f.inverse = std::frexp(s.batch, &exponent) == 0.5F ? 1.0F / s.batch : 0.0F;
  f.clip = static_cast<float>(s.clip_factor);
  f.l2 = s.decay ? static_cast<float>(s.settings.l2) : 0.0F;
  f.rate = static_cast<float>(s.learning_rate);
  f.epsilon = static_cast<float>(s.settings.epsilon);
  return f;
}

/// Averages that began at 0 are too small after t steps, by 1 - beta^t.
struct BiasCorrection {
  std::int64_t step = 0;
  double beta1 = 0.0;
  double beta2 = 0.0;
  double mean = 0.0;  // 1 - beta1^t
  float root = 0.0F;  // 1 / sqrt(1 - beta2^t)
};

/// Powers cost as much as some hundred updates, and a step asks for the same ones for every few hundred.
const BiasCorrection& bias_correction(const UpdateScalars& s) {
  thread_local BiasCorrection latest;
  if (latest.step != s.step || latest.beta1 != s.settings.beta1 || latest.beta2 != s.settings.beta2) {
    const auto t = static_cast<std::uint64_t>(s.step);
    latest = {s.step, s.settings.beta1, s.settings.beta2, 1.0 - elementary::power(s.settings.beta1, t),
              static_cast<float>(1.0 / std::sqrt(1.0 - elementary::power(s.settings.beta2, t)))};
  }
  return latest;
}

Factors adam_factors(const UpdateScalars& s) {
  Factors f = common_factors(s);
  const BiasCorrection& bias = bias_correction(s);
  f.mean = static_cast<float>(1.0 - s.settings.beta1);
  f.square = static_cast<float>(1.0 - s.settings.beta2);
  f.rate = static_cast<float>(s.learning_rate / bias.mean);
  f.root = bias.root;
  return f;
}

Factors momentum_factors(const UpdateScalars& s) {
  Factors f = common_factors(s);
  f.momentum = static_cast<float>(s.settings.momentum);
  return f;
}

Factors lars_factors(const UpdateScalars& s) {
  Factors f = momentum_factors(s);
  f.decay = s.decay ? static_cast<float>(s.settings.weight_decay) : 0.0F;
  f.trust = static_cast<float>(s.trust);
  return f;
}

Factors lamb_factors(const UpdateScalars& s) {
  Factors f = adam_factors(s);
  f.rate = static_cast<float>(s.learning_rate * s.trust);
  f.decay = s.decay ? static_cast<float>(s.settings.weight_decay) : 0.0F;
  f.unbias = static_cast<float>(1.0 / bias_correction(s).mean);
  return f;
}

}  // namespace

void update_gd(const UpdateScalars& s, std::span<float> w, const GradientSum& g, std::span<float* const>) {
  HWY_DYNAMIC_DISPATCH(gd_loop)(common_factors(s), w.size(), w.data(), g);
}

void update_momentum(const UpdateScalars& s, std::span<float> w, const GradientSum& g,
                     std::span<float* const> moments) {
  HWY_DYNAMIC_DISPATCH(momentum_loop)(momentum_factors(s), w.size(), w.data(), g, moments[0], s.settings.nesterov);
}

void update_rmsprop(const UpdateScalars& s, std::span<float> w, const GradientSum& g, std::span<float* const> moments) {
  Factors f = common_factors(s);
  f.square = static_cast<float>(1.0 - s.settings.rho);
  HWY_DYNAMIC_DISPATCH(rmsprop_loop)(f, w.size(), w.data(), g, moments[0]);
}

void update_adam(const UpdateScalars& s, std::span<float> w, const GradientSum& g, std::span<float* const> moments) {
  HWY_DYNAMIC_DISPATCH(adam_loop)(adam_factors(s), w.size(), w.data(), g, moments[0], moments[1]);
}

void update_adamw(const UpdateScalars& s, std::span<float> w, const GradientSum& g, std::span<float* const> moments) {
  Factors f = adam_factors(s);
  f.decay = static_cast<float>(s.learning_rate * s.settings.weight_decay);
  HWY_DYNAMIC_DISPATCH(adam_loop)(f, w.size(), w.data(), g, moments[0], moments[1]);
}

void update_lars(const UpdateScalars& s, std::span<float> w, const GradientSum& g, std::span<float* const> moments) {
  HWY_DYNAMIC_DISPATCH(lars_loop)(lars_factors(s), w.size(), w.data(), g, moments[0], s.settings.nesterov);
}

void lars_change(const UpdateScalars& s, std::span<const float> w, const GradientSum& g, std::span<float* const>,
                 float* change) {
  HWY_DYNAMIC_DISPATCH(lars_change_loop)(lars_factors(s), w.size(), w.data(), g, change);
}

void update_lamb(const UpdateScalars& s, std::span<float> w, const GradientSum& g, std::span<float* const> moments) {
  HWY_DYNAMIC_DISPATCH(lamb_loop)(lamb_factors(s), w.size(), w.data(), g, moments[0], moments[1]);
}

void lamb_change(const UpdateScalars& s, std::span<const float> w, const GradientSum& g,
                 std::span<float* const> moments, float* change) {
  HWY_DYNAMIC_DISPATCH(lamb_change_loop)(lamb_factors(s), w.size(), w.data(), g, moments[0], moments[1], change);
}

}  // namespace shoal
#endif
