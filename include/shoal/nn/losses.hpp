#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/graph/graph.hpp"

namespace shoal {

struct SampleLoss {
  double loss = 0.0;
  bool right = false;
};

/// One sample: its model outputs, targets, and room for the derivative. Outputs and derivative are padded with what is
/// of no meaning to whole vectors, so that no class is left to a scalar loop.
struct LossSample {
  std::size_t outputs = 0;
  std::span<const double> z;
  std::span<const double> t;
  std::span<double> d;
};

/// All that makes a loss, by name. Another one is a row of Loss::all() in losses.cpp, with its functions.
struct Loss {
  enum class Targets {
    class_number,  ///< (samples, 1): the class; labels alone
    shares,        ///< (samples, K) in [0, 1]: of classes, of which a sample may have several
    numbers,       ///< (samples, K): any; labels are taken for numbers
  };

  std::string_view name;       ///< as in model.loss, and in checkpoints
  std::string_view operation;  ///< in a graph
  Targets targets;
  /// Outputs tell classes: they are reported as probabilities, with a label where the data have classes, and an
  /// evaluation has an accuracy.
  bool tells_classes;
  /// K for labels of so many classes; 0 where they are too few.
  std::int64_t (*outputs)(std::int64_t classes);
  /// Its value and derivative; see nn/operations.hpp.
  SampleLoss (*sample)(const LossSample&);
  /// A sample's outputs to what is reported, in place.
  void (*report)(std::span<double> outputs);

  static const Loss softmax, sigmoid, mse;
  static const std::vector<Loss>& all();
  static std::vector<std::string> names();
  /// @throws Error (usage)  for a name that none has
  static const Loss& named(std::string_view name);

  bool operator==(const Loss&) const = default;
};

/// The node of a loss: its sum over samples, a reduction whose statistics are (loss sum, number right).
Value apply_loss(const Loss& loss, Value outputs, Value targets);

}  // namespace shoal
