#pragma once

#include <string>

#include "infer/export/onnx_graph.hpp"
#include "infer/export/steps.hpp"

namespace shoal {

/// Steps as nodes. Values are (batch, channels) or, where they have positions, (batch, channels, height, width).
/// @param input  (batch, numbers of a sample), in the order of a data set. @returns the logits
std::string onnx_steps(OnnxGraph& graph, const Steps& steps, const std::string& input);

}  // namespace shoal
