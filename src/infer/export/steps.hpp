#pragma once

// A trained model as a list of what is computed, one after the other, for programs that know nothing of graphs.

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/core/settings.hpp"
#include "shoal/infer/prediction_pass.hpp"

namespace shoal {

/// Numbers of a parameter in the order of a checkpoint: of a dense layer (inputs, units), of a convolution (units,
/// channels, height, width).
struct StepArray {
  std::string name;  ///< as in a checkpoint: 01_dense/weight
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// One operation on the rows of a sample.
struct Step {
  std::string operation;        ///< its name in a graph
  Settings settings;            ///< see graph/described.hpp
  std::vector<std::size_t> of;  ///< values that it takes: 0 is the model's input, i + 1 what step i makes
  std::vector<StepArray> arrays;
  std::vector<double> states;  ///< of batch_norm: means, then variances
  ValueShape made;

  std::int64_t whole(const std::string& setting) const;
  double real(const std::string& setting) const;
};

struct Steps {
  ValueShape input;
  std::vector<Step> list;    ///< none where the output is the input
  std::int64_t numbers = 0;  ///< trained ones

  const ValueShape& shape(std::size_t value) const { return value == 0 ? input : list[value - 1].made; }
  /// The logits are the last.
  std::size_t output() const { return list.size(); }
};

/// What turns the input into logits at test time: without dropout, and without what the loss alone needs.
/// @throws Error(usage)  naming an operation that no exporter knows, which a program of its own has registered
Steps steps_of(const TrainedModel& trained);

/// What batch_norm makes of its running statistics, each channel's: (x - high - low) inverse; as BatchNormOperation
/// does.
struct NormNumbers {
  std::vector<float> high, low, inverse;
};
NormNumbers norm_numbers(const Step& step);

/// What the logits are reported as, see Reporter.
struct ReportedAs {
  enum class Kind { softmax, sigmoid, outputs } kind = Kind::outputs;
  bool first_of_two = false;  ///< 1 - p before p
  bool labels = false;
  std::vector<double> mean, deviation;  ///< of each output, to undo the scaling of targets; empty: as they are
};
ReportedAs reported_as(const TrainedModel& trained, const PredictionLayout& layout);

}  // namespace shoal
