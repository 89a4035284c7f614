#pragma once

#include <cstdint>

#include "shoal/config/sweep_settings.hpp"

namespace shoal {

// Sobol points in [0, 1), scrambled so that every seed gives another set of the same evenness: any 2^m points that
// begin at a multiple of 2^m have one in each of 2^m equal parts of every axis.
// Sources: Joe and Kuo, Constructing Sobol sequences with better two-dimensional projections, SIAM J. Sci. Comput. 30
// (2008), direction numbers "new-joe-kuo-6"; Owen, Randomly permuted (t,m,s)-nets and (t,s)-sequences (1995), by the
// hash of Burley, Practical hash-based Owen scrambling, JCGT 9 (2020).

/// Coordinate `dimension` (from 0) of point `index`, in units of 2^-32, without scrambling.
std::uint32_t sobol_bits(std::uint32_t index, int dimension);

/// The same scrambled by `seed`, one per dimension, in the middle of its cell of 2^-32.
double scrambled_sobol(std::uint32_t index, int dimension, std::uint32_t seed);

}  // namespace shoal
