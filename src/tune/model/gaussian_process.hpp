#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tune/model/cholesky.hpp"

namespace shoal {

/// What the coordinates of points are: numbers, or choices, which are told by equality alone.
using Categorical = std::vector<bool>;
using Points = std::vector<std::vector<double>>;

/// k(x, x') = amplitude (1 + sqrt5 r + 5/3 r^2) e^(-sqrt5 r), r^2 = sum over d of (x_d - x'_d)^2 / length_d^2, where a
/// choice has distance 0 to itself and 1 to any other: what one-hot coordinates come to, with a length for each
/// parameter. `noise` (variance) is added between a point and itself. Matern 5/2 with a length for each coordinate.
/// Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), section 4.2.
struct Kernel {
  std::vector<double> lengths;
  double amplitude = 1.0;
  double noise = 1e-4;
};

struct Posterior {
  double mean = 0.0;
  double variance = 0.0;  ///< of the function, without noise; > 0
};

/// A Gaussian process of mean 0 with what it was told of. Every sum is in a fixed order: see Cholesky.
/// Source: Rasmussen and Williams, algorithm 2.1.
class GaussianProcess {
 public:
  /// @returns nothing where the points' matrix is not positive definite in double precision
  static std::optional<GaussianProcess> of(const Kernel& kernel, const Categorical& categorical, Points points,
                                           std::vector<double> targets);

  Posterior at(std::span<const double> x) const;
  /// With the gradients of mean and variance by x, 0 for choices. Both as long as x.
  Posterior at(std::span<const double> x, std::span<double> d_mean, std::span<double> d_variance) const;

  /// Believes in its own mean there, so that the next point is looked for elsewhere (the "kriging believer").
  /// Source: Ginsbourger, Le Riche and Carraro, Kriging is well-suited to parallelize optimization (2010).
  /// False, and nothing changes, where the matrix would not be positive definite.
  bool believe(std::span<const double> x);

  const Points& points() const { return points_; }

 private:
  GaussianProcess(Kernel kernel, Categorical categorical, Points points, std::vector<double> targets, Cholesky factor);

  Kernel kernel_;
  Categorical categorical_;
  std::vector<double> weights_;  // 1 / length^2
  Points points_;
  std::vector<double> targets_;
  Cholesky factor_;
  std::vector<double> alpha_;  // K^-1 targets
};

/// The logarithm of the likelihood of the targets under the kernel, and its gradient by the logarithms of lengths,
/// amplitude and noise, in this order, into `gradient`. Minus infinity where the matrix is not positive definite.
/// Source: Rasmussen and Williams, equations 2.30 and 5.9.
double log_likelihood(const Kernel& kernel, const Categorical& categorical, const Points& points,
                      std::span<const double> targets, std::span<double> gradient);

/// The kernel of greatest likelihood times a weak prior, by descents from fixed starts.
/// Targets should have mean 0 and variance 1. The priors are log-normal. That on lengths grows with the square root of
/// the number of dimensions (Hvarfner, Hellsten and Nardi, Vanilla Bayesian optimization performs great in high
/// dimensions, ICML 2024), and is narrow: a few dozen trials that happen not to tell of a hyperparameter must not make
/// the search overlook it. That on the amplitude keeps it above 1, which it takes to look beyond the first good region.
/// Both were chosen on the functions of tests/bench/search_functions.py.
Kernel most_likely_kernel(const Categorical& categorical, const Points& points, std::span<const double> targets);

}  // namespace shoal
