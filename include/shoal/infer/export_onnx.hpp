#pragma once

// A trained model as a file of ONNX: IR version 8, opset 17, read by ONNX Runtime from 1.12 on.

#include <string>
#include <vector>

#include "shoal/infer/prediction_pass.hpp"

namespace shoal {

struct OnnxOptions {
  bool logits = false;      ///< what the model's last layer makes, in place of probabilities
  std::string digest = {};  ///< of the checkpoint, for the metadata
  std::string config = {};  ///< likewise; TOML
};

/// Encoding, layers, and what predictions are made of the logits. Sums have another order than shoal's: about 1e-6
/// apart.
///   inputs    of a table one a column, by its name, (batch, 1): float64 for numbers (NaN, or a number
///             that stood for it in the table, where missing) and dates (seconds), texts for categories (an empty one
///             where missing); of other data x, (batch, shape of a sample), float32, or float64 where values are too
///             alike for that
///   output    probabilities, outputs or logits, (batch, K)
///   metadata  digest, step, config; columns, classes, outputs: JSON lists of names
/// @throws Error  usage: logits of a model without classes, or an operation that is unknown; bad_data: names of columns
///                that ONNX cannot have, more numbers than a file of 2 GB holds
std::string export_onnx(const TrainedModel& trained, const OnnxOptions& options);

/// Rows of its inputs and what shoal makes of them, as files of tensors: input_0.pb, ..., output_0.pb, the way that
/// test data of ONNX models are laid out. Of a table some cells are missing and some categories unseen.
struct OnnxTestFile {
  std::string name;
  std::string bytes;
};
std::vector<OnnxTestFile> onnx_test_data(TrainedModel& trained, const OnnxOptions& options);

}  // namespace shoal
