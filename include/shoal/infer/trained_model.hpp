#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/infer/checkpoint.hpp"
#include "shoal/tensor/buffer.hpp"

namespace shoal {

/// What predictions take from a checkpoint.
struct TrainedModel {
  /// @throws Error  bad_data: the archive does not fit the model, or itself; usage: it has no such weights
  TrainedModel(const Archive& archive, Model made, WhichWeights which = WhichWeights::judged);

  /// D: numbers of a row of the data, before the encoding.
  std::int64_t features() const { return encoding.columns.empty() ? model.inputs() : std::ssize(encoding.columns); }

  std::string path;  ///< of the checkpoint, for messages
  Model model;
  DataDescription data;
  std::int64_t step;  ///< finished updates
  Encoding encoding;
  Normalization targets;  ///< what they were put through, which predictions undo
  std::string weights;    ///< "average" or "last" of a checkpoint that has both; else empty
  Buffer<float> parameters;
  std::vector<double> states;
};

/// The model that a checkpoint describes by itself, and what it holds. @throws Error  bad_data, usage, as above
TrainedModel trained_model(const Archive& archive, WhichWeights which);

}  // namespace shoal
