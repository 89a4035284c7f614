#include "tune/model/gaussian_process.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "shoal/core/elementary.hpp"
#include "tune/model/descent.hpp"

namespace shoal {
namespace {

constexpr double sqrt5 = 2.23606797749979;
constexpr double log_of_2pi = 1.8378770664093453;
constexpr double least_variance = 1e-14;

std::vector<double> weights_of(const Kernel& kernel) {
  std::vector<double> weights;
  for (const double length : kernel.lengths) weights.push_back(1.0 / (length * length));
  return weights;
}

double squared_difference(bool categorical, double a, double b) {
  return categorical ? (a == b ? 0.0 : 1.0) : (a - b) * (a - b);
}

struct Similarity {
  double value = 0.0;  // of amplitude 1
  double slope = 0.0;  // d value / d r^2, times -2
};

Similarity similarity(double squared) {
  const double r5 = sqrt5 * std::sqrt(squared);
  const double e = elementary::exp(-r5);
  return {(1.0 + r5 + (5.0 / 3.0) * squared) * e, (5.0 / 3.0) * (1.0 + r5) * e};
}

double squared_distance(std::span<const double> weights, const Categorical& categorical, std::span<const double> a,
                        std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t d = 0; d < weights.size(); ++d) sum += weights[d] * squared_difference(categorical[d], a[d], b[d]);
  return sum;
}

/// The lower triangle, with noise; `slopes` where they are asked for.
std::vector<double> matrix_of(const Kernel& kernel, const Categorical& categorical, const Points& points,
                              std::vector<double>* slopes) {
  const std::size_t n = points.size();
  const std::vector<double> weights = weights_of(kernel);
  std::vector<double> matrix(n * n, 0.0);
  if (slopes != nullptr) slopes->assign(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Similarity s = similarity(squared_distance(weights, categorical, points[i], points[j]));
      matrix[i * n + j] = kernel.amplitude * s.value;
      if (slopes != nullptr) (*slopes)[i * n + j] = kernel.amplitude * s.slope;
    }
    matrix[i * n + i] = kernel.amplitude + kernel.noise;
  }
  return matrix;
}

// Of the logarithms of the hyperparameters.
constexpr double least_length = -4.0;
constexpr double greatest_length = 5.0;
constexpr double least_amplitude = -4.0;
constexpr double greatest_amplitude = 3.0;
constexpr double least_noise = -18.0;
constexpr double greatest_noise = 0.0;
constexpr int evaluations_a_start = 40;

/// Of the logarithm of a hyperparameter: normal.
struct Prior {
  double centre;
  double deviation;
  /// Minus its logarithm; its slope is added to `slope`.
  double cost(double x, double& slope) const {
    const double z = (x - centre) / deviation;
    slope += z / deviation;
    return 0.5 * z * z;
  }
};

constexpr Prior amplitude_prior{0.3, 0.3};
constexpr Prior noise_prior{-9.0, 3.0};
constexpr double length_centre = -1.0;  // before the number of dimensions is counted in
constexpr double length_deviation = 0.7;

struct Start {
  double length;  // before the number of dimensions is counted in
  double noise;
};
constexpr std::array starts = {Start{-0.7, -9.0}, Start{0.7, -4.0}};

/// Of the logarithms of lengths, amplitude and noise.
Kernel kernel_at(std::span<const double> theta) {
  const std::size_t dimensions = theta.size() - 2;
  Kernel kernel;
  for (std::size_t d = 0; d < dimensions; ++d) kernel.lengths.push_back(elementary::exp(theta[d]));
  kernel.amplitude = elementary::exp(theta[dimensions]);
  kernel.noise = elementary::exp(theta[dimensions + 1]);
  return kernel;
}

}  // namespace

GaussianProcess::GaussianProcess(Kernel kernel, Categorical categorical, Points points, std::vector<double> targets,
                                 Cholesky factor)
    : kernel_(std::move(kernel)),
      categorical_(std::move(categorical)),
      weights_(weights_of(kernel_)),
      points_(std::move(points)),
      targets_(std::move(targets)),
      factor_(std::move(factor)),
      alpha_(targets_) {
  factor_.solve_lower(alpha_);
  factor_.solve_upper(alpha_);
}

std::optional<GaussianProcess> GaussianProcess::of(const Kernel& kernel, const Categorical& categorical, Points points,
                                                   std::vector<double> targets) {
  assert(points.size() == targets.size());
  Cholesky factor(matrix_of(kernel, categorical, points, nullptr), points.size());
  if (!factor.ok()) return std::nullopt;
  return GaussianProcess(kernel, categorical, std::move(points), std::move(targets), std::move(factor));
}

Posterior GaussianProcess::at(std::span<const double> x) const {
  std::vector<double> k(points_.size());
  for (std::size_t i = 0; i < k.size(); ++i)
    k[i] = kernel_.amplitude * similarity(squared_distance(weights_, categorical_, x, points_[i])).value;
  Posterior posterior;
  posterior.mean = dot(k, alpha_);
  factor_.solve_lower(k);
  posterior.variance = std::max(least_variance * kernel_.amplitude, kernel_.amplitude - dot(k, k));
  return posterior;
}

Posterior GaussianProcess::at(std::span<const double> x, std::span<double> d_mean, std::span<double> d_variance) const {
  const std::size_t n = points_.size();
  std::vector<double> k(n);
  std::vector<double> slopes(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Similarity s = similarity(squared_distance(weights_, categorical_, x, points_[i]));
    k[i] = kernel_.amplitude * s.value;
    slopes[i] = kernel_.amplitude * s.slope;
  }
  Posterior posterior;
  posterior.mean = dot(k, alpha_);
  factor_.solve_lower(k);
  const double variance = kernel_.amplitude - dot(k, k);
  posterior.variance = std::max(least_variance * kernel_.amplitude, variance);
  factor_.solve_upper(k);  // K^-1 k
  for (std::size_t d = 0; d < x.size(); ++d) {
    d_mean[d] = 0.0;
    d_variance[d] = 0.0;
    if (categorical_[d]) continue;
    for (std::size_t i = 0; i < n; ++i) {
      const double dk = -slopes[i] * weights_[d] * (x[d] - points_[i][d]);
      d_mean[d] += dk * alpha_[i];
      d_variance[d] -= 2.0 * dk * k[i];
    }
  }
  return posterior;
}

bool GaussianProcess::believe(std::span<const double> x) {
  const double mean = at(x).mean;
  std::vector<double> row;
  for (const auto& point : points_)
    row.push_back(kernel_.amplitude * similarity(squared_distance(weights_, categorical_, x, point)).value);
  row.push_back(kernel_.amplitude + kernel_.noise);
  if (!factor_.append(row)) return false;
  points_.emplace_back(x.begin(), x.end());
  targets_.push_back(mean);
  alpha_ = targets_;
  factor_.solve_lower(alpha_);
  factor_.solve_upper(alpha_);
  return true;
}

double log_likelihood(const Kernel& kernel, const Categorical& categorical, const Points& points,
                      std::span<const double> targets, std::span<double> gradient) {
  const std::size_t n = points.size();
  const std::size_t dimensions = categorical.size();
  assert(gradient.size() == dimensions + 2 && targets.size() == n);
  std::vector<double> slopes;
  const Cholesky factor(matrix_of(kernel, categorical, points, &slopes), n);
  if (!factor.ok()) return -std::numeric_limits<double>::infinity();
  std::vector<double> alpha(targets.begin(), targets.end());
  factor.solve_lower(alpha);
  const double fit = dot(alpha, alpha);
  factor.solve_upper(alpha);
  const std::vector<double> inverse = factor.inverse();
  const std::vector<double> weights = weights_of(kernel);
  // d L / d theta = 1/2 trace((alpha alpha^T - K^-1) dK / d theta); pairs off the diagonal count twice.
  std::fill(gradient.begin(), gradient.end(), 0.0);
  double diagonal = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double pull = (alpha[i] * alpha[j] - inverse[i * n + j]) * slopes[i * n + j];
      for (std::size_t d = 0; d < dimensions; ++d)
        gradient[d] += pull * (weights[d] * squared_difference(categorical[d], points[i][d], points[j][d]));
    }
    diagonal += alpha[i] * alpha[i] - inverse[i * n + i];
  }
  gradient[dimensions + 1] = 0.5 * kernel.noise * diagonal;
  // trace((alpha alpha^T - K^-1) K) = fit - n, and K = amplitude (...) + noise I.
  gradient[dimensions] = 0.5 * (fit - static_cast<double>(n)) - gradient[dimensions + 1];
  return -0.5 * fit - factor.half_log_determinant() - 0.5 * static_cast<double>(n) * log_of_2pi;
}

Kernel most_likely_kernel(const Categorical& categorical, const Points& points, std::span<const double> targets) {
  const std::size_t dimensions = categorical.size();
  const double half_log = 0.5 * elementary::log(static_cast<double>(dimensions));
  const Prior length_prior{length_centre + half_log, length_deviation};
  std::vector<double> low(dimensions + 2, least_length);
  std::vector<double> high(dimensions + 2, greatest_length);
  low[dimensions] = least_amplitude;
  high[dimensions] = greatest_amplitude;
  low[dimensions + 1] = least_noise;
  high[dimensions + 1] = greatest_noise;
  const Slope slope = [&](std::span<const double> theta, std::span<double> gradient) {
    double cost = -log_likelihood(kernel_at(theta), categorical, points, targets, gradient);
    for (double& g : gradient) g = -g;
    for (std::size_t d = 0; d < dimensions; ++d) cost += length_prior.cost(theta[d], gradient[d]);
    cost += amplitude_prior.cost(theta[dimensions], gradient[dimensions]);
    return cost + noise_prior.cost(theta[dimensions + 1], gradient[dimensions + 1]);
  };
  std::optional<Minimum> best;
  for (const Start& start : starts) {
    std::vector<double> theta(dimensions + 2, start.length + half_log);
    theta[dimensions] = amplitude_prior.centre;
    theta[dimensions + 1] = start.noise;
    Minimum found = minimise(slope, std::move(theta), low, high, evaluations_a_start);
    if (!best || found.value < best->value) best = std::move(found);
  }
  return kernel_at(best->x);
}

}  // namespace shoal
