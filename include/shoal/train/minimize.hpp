#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shoal/graph/expressions.hpp"
#include "shoal/optim/optimizer.hpp"

namespace shoal {

/// Values of a graph's inputs and placeholders by name, row-major. An input takes (samples, columns), of images
/// (samples, channels, height, width): all inputs must have the same samples.
using Feed = std::map<std::string, std::vector<float>>;

/// Minimises `cost`, a single number, by `steps` updates of all variables that it depends on, from their initial values
/// for seed 1, in one process; other variables keep what they have. The graph keeps the result: Value::item() and
/// Graph::value().
/// @returns the cost before the last update
/// @throws Error  usage: cost is not one number, steps are below 0, a setting is out of its range; a feed is
///         missing, of another size or of a name that no input has; the targets of a loss by class numbers are no
///         whole numbers from 0 to K - 1. diverged: cost is not finite
double minimize(Value cost, const OptimizerSettings& optimizer, std::int64_t steps, const Feed& feed = {});

}  // namespace shoal
