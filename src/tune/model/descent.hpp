#pragma once

#include <functional>
#include <span>
#include <vector>

namespace shoal {

/// A function of x: its value, and its gradient into `gradient`, as long as x. Not finite: x is not to be taken.
using Slope = std::function<double(std::span<const double> x, std::span<double> gradient)>;

struct Minimum {
  std::vector<double> x;
  double value = 0.0;
};

/// A local minimum in the box low <= x <= high, from `start` in it, by at most `evaluations` of the function. A
/// function of its arguments alone: no clocks, no threads.
/// Quasi-Newton steps (BFGS) in the variables that are not held at a bound, along the projected path, with Armijo's
/// rule. Source: Nocedal and Wright, Numerical Optimization, 2nd edition (2006), sections 6.1 and 16.7.
Minimum minimise(const Slope& slope, std::vector<double> start, std::span<const double> low,
                 std::span<const double> high, int evaluations);

}  // namespace shoal
