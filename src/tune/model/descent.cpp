#include "tune/model/descent.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

#include "tune/model/cholesky.hpp"

namespace shoal {
namespace {

constexpr double armijo = 1e-4;
constexpr double shrink = 0.3;
constexpr double first_move = 0.1;  // of the box, where nothing is known of the curvature
constexpr double least_gain = 1e-9;
constexpr double least_move = 1e-9;

/// The inverse of the curvature, as far as steps have told.
class Curvature {
 public:
  explicit Curvature(std::size_t n) : n_(n), h_(n * n, 0.0) {}

  bool known() const { return known_; }
  void forget() { known_ = false; }

  /// -H g over the free variables, 0 elsewhere.
  std::vector<double> direction(std::span<const double> g, const std::vector<bool>& free) const {
    std::vector<double> p(n_, 0.0);
    for (std::size_t i = 0; i < n_; ++i) {
      if (!free[i]) continue;
      for (std::size_t j = 0; j < n_; ++j) {
        if (free[j]) p[i] -= h_[i * n_ + j] * g[j];
      }
    }
    return p;
  }

  /// s: a step; y: how the gradient changed along it.
  void learn(std::span<const double> s, std::span<const double> y) {
    const double sy = dot(s, y);
    const double yy = dot(y, y);
    if (!(sy > 1e-10 * std::sqrt(dot(s, s) * yy))) return;
    if (!known_) {
      std::fill(h_.begin(), h_.end(), 0.0);
      for (std::size_t i = 0; i < n_; ++i) h_[i * n_ + i] = sy / yy;
      known_ = true;
    }
    std::vector<double> hy(n_, 0.0);
    for (std::size_t i = 0; i < n_; ++i) hy[i] = dot(std::span(&h_[i * n_], n_), y);
    const double scale = (1.0 + dot(y, hy) / sy) / sy;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = 0; j < n_; ++j) h_[i * n_ + j] += scale * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
    }
  }

 private:
  std::size_t n_;
  bool known_ = false;
  std::vector<double> h_;
};

}  // namespace

Minimum minimise(const Slope& slope, std::vector<double> start, std::span<const double> low,
                 std::span<const double> high, int evaluations) {
  const std::size_t n = start.size();
  assert(low.size() == n && high.size() == n);
  Minimum at{std::move(start)};
  std::vector<double> g(n);
  at.value = slope(at.x, g);
  Curvature curvature(n);
  for (int used = 1; used < evaluations && std::isfinite(at.value);) {
    std::vector<bool> free(n);
    for (std::size_t i = 0; i < n; ++i)
      free[i] = !(at.x[i] <= low[i] && g[i] >= 0.0) && !(at.x[i] >= high[i] && g[i] <= 0.0);
    std::vector<double> p = curvature.direction(g, free);
    if (!curvature.known() || !(dot(p, g) < 0.0)) {
      curvature.forget();
      double most = 0.0;  // of the box, by a step of length 1 down the gradient
      for (std::size_t i = 0; i < n; ++i) {
        if (free[i]) most = std::max(most, std::fabs(g[i]) / (high[i] - low[i]));
      }
      if (!(most > 0.0)) return at;
      for (std::size_t i = 0; i < n; ++i) p[i] = free[i] ? -g[i] * (first_move / most) : 0.0;
    }
    Minimum next;
    std::vector<double> next_g(n);
    bool found = false;
    double move = 0.0;
    for (double t = 1.0; used < evaluations && !found; t *= shrink) {
      next.x = at.x;
      move = 0.0;
      double expected = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        next.x[i] = std::clamp(at.x[i] + t * p[i], low[i], high[i]);
        expected += g[i] * (next.x[i] - at.x[i]);
        move = std::max(move, std::fabs(next.x[i] - at.x[i]) / (high[i] - low[i]));
      }
      if (move < least_move) break;
      next.value = slope(next.x, next_g);
      ++used;
      found = next.value <= at.value + armijo * expected;  // false for NaN
    }
    if (!found) {
      if (!curvature.known()) return at;
      curvature.forget();  // once more, straight down
      continue;
    }
    std::vector<double> s(n);
    std::vector<double> y(n);
    for (std::size_t i = 0; i < n; ++i) {
      s[i] = next.x[i] - at.x[i];
      y[i] = next_g[i] - g[i];
    }
    const double gain = at.value - next.value;
    curvature.learn(s, y);
    at = std::move(next);
    g.swap(next_g);
    if (gain < least_gain * (1.0 + std::fabs(at.value))) break;
  }
  return at;
}

}  // namespace shoal
