#pragma once

#include <cstdint>
#include <vector>

#include "tune/model/model_space.hpp"

namespace shoal {

/// The next `count` trials: those of which a Gaussian process expects the greatest improvement, one after the other,
/// each as if those before had come out as expected. A function of its arguments; the first of n are the first of any
/// more. No two trials are of equal values as long as there are others.
std::vector<Place> likeliest_improvements(const std::vector<Dimension>& space, std::uint64_t seed,
                                          const Evidence& evidence, std::int64_t count);

}  // namespace shoal
