#pragma once

#include <string>
#include <vector>

#include "infer/export/onnx_graph.hpp"
#include "shoal/infer/prediction_pass.hpp"

namespace shoal {

/// An input of an exported model.
struct OnnxInput {
  std::string name;
  OnnxType type = OnnxType::float32;
  std::vector<std::int64_t> shape;  ///< without the batch
  std::size_t column = 0;           ///< of the table
};

/// Of a table one of each column that is used, (batch, 1), by its name: texts of a category or flag, numbers as
/// float64. Of other data `x`, (batch, shape of a sample), float32, or float64 where that cannot tell values apart.
std::vector<OnnxInput> onnx_inputs(const TrainedModel& trained);

/// What an output of that name is called: by another where an input has it.
std::string onnx_output_name(const std::vector<OnnxInput>& inputs, const std::string& name);

/// What the encoding makes of the inputs: (batch, numbers of a sample), float32.
std::string onnx_encode(OnnxGraph& graph, const TrainedModel& trained);

}  // namespace shoal
