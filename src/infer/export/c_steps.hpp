#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "infer/export/steps.hpp"

namespace shoal {

/// Steps as C99: arrays of weights, and a statement or two a step, on values in one array of floats, `work`.
struct CSteps {
  std::string arrays;
  std::string statements;              ///< of a function's body, from the input to the logits
  std::set<std::string> functions;     ///< that they call, see c_functions()
  std::int64_t work = 0;               ///< floats
  std::int64_t input = 0, output = 0;  ///< where in it they stand
};
CSteps c_steps(const Steps& steps);

}  // namespace shoal
