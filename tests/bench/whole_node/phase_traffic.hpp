// What the phases of a step read and write.
#pragma once

#include <map>
#include <string>

#include "shoal/nn/model.hpp"

namespace shoal {

struct PhaseTraffic {
  /// Bytes of the matrices that its tasks read or write, each counted once: that much must come from memory or go there
  /// where no cache holds a matrix from one phase to the next.
  double matrices = 0.0;
  /// Bytes of the statistics of leaves, which all threads write and which meet behind the tasks.
  double statistics = 0.0;
};

/// Of each phase of a training step, by its name in a profile.
std::map<std::string, PhaseTraffic> traffic_of_phases(const Model& model, const LeafCut& cut);

}  // namespace shoal
