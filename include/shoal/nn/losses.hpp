#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/graph/graph.hpp"
#include "shoal/nn/loss_settings.hpp"

namespace shoal {

struct SampleLoss {
  double loss = 0.0;
  bool right = false;
};

/// Samples beside each other, one in each lane of whole vectors: number k of sample i stands at [k * samples + i]. None
/// looks at another, so each has the bits that it has alone.
struct LossBlock {
  static constexpr std::size_t samples = 8;
  std::size_t outputs = 0;
  const double* z = nullptr;  ///< model outputs
  const double* t = nullptr;  ///< targets
  double* d = nullptr;        ///< the derivative by each output: made, as are:
  std::array<double, samples> loss{};
  std::array<bool, samples> right{};
};

/// What a loss was told; see LossSettings.
struct LossNumbers {
  double delta = 1.0;
  double label_smoothing = 0.0;
  std::vector<double> levels = {};      ///< of quantile alone
  std::vector<double> pos_weight = {};  ///< empty: all are 1

  bool operator==(const LossNumbers&) const = default;
};

/// All that makes a loss, by name. Another one is a row of Loss::all() in losses.cpp, with its functions. Definitions
/// stand in nn/operations.hpp.
struct Loss {
  enum class Targets {
    class_number,  ///< (samples, 1): the class; labels alone
    shares,        ///< (samples, K) in [0, 1]: of classes, of which a sample may have several
    numbers,       ///< (samples, K / levels): any; labels are taken for numbers
  };

  std::string_view name;       ///< as in model.loss, and in checkpoints
  std::string_view operation;  ///< in a graph
  Targets targets;
  /// Outputs tell classes: they are reported as probabilities, with a label where the data have classes, and an
  /// evaluation has an accuracy.
  bool tells_classes;
  /// Targets of a sample for labels of so many classes; 0 where they are too few.
  std::int64_t (*outputs)(std::int64_t classes);
  /// Values and derivatives.
  void (*block)(LossBlock&, const LossNumbers&);
  /// A sample's outputs to what is reported, in place.
  void (*report)(std::span<double> outputs);
  LossNumbers numbers = {};

  /// Model outputs of one target: several for quantile, side by side.
  std::int64_t levels() const { return numbers.levels.empty() ? 1 : static_cast<std::int64_t>(numbers.levels.size()); }
  /// The value of a sample with these outputs and targets; its derivative to d, which is as long as z.
  SampleLoss sample(std::span<const double> z, std::span<const double> t, std::span<double> d) const;
  /// What makes this loss by of().
  LossSettings settings() const;

  static const Loss softmax, sigmoid, mse, mae, huber, quantile;
  static const std::vector<Loss>& all();
  static std::vector<std::string> names();
  /// As it is by default. @throws Error (usage)  for a name that none has
  static const Loss& named(std::string_view name);
  /// @throws Error (usage)  see fault_of()
  static Loss of(const LossSettings& settings);

  bool operator==(const Loss&) const = default;
};

/// The node of a loss: its sum over samples, each times its weight where the batch has weights; a reduction whose
/// statistics are (loss sum, sum over those right).
Value apply_loss(const Loss& loss, Value outputs, Value targets);

}  // namespace shoal
