#pragma once

#include <string>

#include "shoal/nn/model.hpp"

namespace shoal {

/// A model by description, as one JSON text, from which it can be built without anything else:
///   {"inputs": 784, "outputs": 10, "loss": "softmax", "layers": [{"type": "dense", "units": 256, "init": "auto"},
///   ...]}
/// A loss that was told more is an object: {"name": "huber", "delta": 2}, with the names of LossSettings.
/// Layers with their settings as in nn/layers.hpp, without the last dense one, which follows from the outputs.
std::string model_text(const Model& model);

/// @throws Error(bad_data)  for a text that describes no model, naming `name`
Model model_of_text(const std::string& text, const std::string& name);

}  // namespace shoal
