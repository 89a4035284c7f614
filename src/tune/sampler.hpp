#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/config/sweep_settings.hpp"

namespace shoal {

/// Where a trial lies in the search space: a place from 0 to 1 per dimension.
using Place = std::vector<double>;

/// Trial number `trial` of a search that needs no results. A function of (space, search, trials, seed, trial).
///   random        uniform and independent. Source: Bergstra and Bengio, Random search for hyper-parameter optimization
///                 (JMLR 2012)
///   quasi_random  scrambled Sobol points
///   grid          as many levels per dimension as it takes for a grid of at least `trials` points, of which `trials`
///                 are taken, evenly
///   bayesian, tpe: quasi_random; random in spaces of more dimensions than that has
Place first_place(const SweepSettings& settings, std::uint64_t seed, std::int64_t trial);

/// A trial near one of the survivors of earlier rounds of coarse_to_fine: uniform in a box of `width` (0 to 1) of each
/// dimension around the survivor that has its turn, moved inside where it would stick out. Of choices, the survivor's
/// own, and with probability `width` any. survivors: not empty
Place finer_place(const SweepSettings& settings, std::uint64_t seed, std::int64_t trial,
                  std::span<const Place> survivors, double width);

/// Where that box begins in a dimension; unused with choices.
double box_low(double centre, double width);

/// Levels of each dimension of a grid of at least `trials` points, or of all that there are.
std::vector<std::int64_t> grid_levels(const std::vector<Dimension>& space, std::int64_t trials);

/// What a grid takes of the space, and what it leaves out or repeats:
/// `grid: 3 of the 12 values of model.width, 4 levels of optimizer.l2; 12 points, of which sweep.trials leaves out 2`
std::string grid_line(const SweepSettings& settings);

}  // namespace shoal
