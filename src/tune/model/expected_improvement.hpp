#pragma once

#include "tune/model/gaussian_process.hpp"

namespace shoal {

/// log E[max(0, best - f)], f normal with this mean and variance: how much lower than `best` f is expected to be. By
/// its logarithm, since the value itself is 0 in double precision wherever little is hoped for.
/// Source: Jones, Schonlau and Welch, Efficient global optimization of expensive black-box functions (1998); Ament et
/// al., Unexpected improvements to expected improvement for Bayesian optimization (NeurIPS 2023), for the logarithm.
struct LogImprovement {
  double value = 0.0;
  double by_mean = 0.0;      ///< its derivative
  double by_variance = 0.0;  ///< its derivative
};
LogImprovement log_expected_improvement(const Posterior& f, double best);

}  // namespace shoal
