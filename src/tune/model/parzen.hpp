#pragma once

#include <cstdint>
#include <vector>

#include "tune/model/model_space.hpp"

namespace shoal {

/// The next `count` trials by two densities, of the best trials and of the others: of places drawn from the first,
/// those where it is greatest over the second. Each is a mixture with one kernel over all dimensions for each trial,
/// and one for the whole space. A function of its arguments; the first of n are the first of any more. No two trials
/// are of equal values as long as others are drawn. Source: Bergstra, Bardenet, Bengio and Kegl, Algorithms for
/// hyper-parameter optimization (NIPS 2011); the joint kernels: Falkner, Klein and Hutter, BOHB: robust and efficient
/// hyperparameter optimization at scale (ICML 2018).
std::vector<Place> parzen_choices(const std::vector<Dimension>& space, std::uint64_t seed, const Evidence& evidence,
                                  std::int64_t count);

}  // namespace shoal
