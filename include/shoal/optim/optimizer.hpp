#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/optim/settings.hpp"
#include "shoal/tensor/gradient_sum.hpp"

namespace shoal {

/// The optimizers as a C++ user writes them, `Adam{.learning_rate = 3e-4}`: each holds what it uses and becomes
/// OptimizerSettings where those are asked for. Defaults are those of OptimizerSettings.
struct GradientDescent {
  double learning_rate = 1e-3;
  double l2 = 0.0;
  double clip_norm = 0.0;
  operator OptimizerSettings() const;
};

struct Momentum {
  double learning_rate = 1e-3;
  double momentum = 0.9;
  bool nesterov = false;
  double l2 = 0.0;
  double clip_norm = 0.0;
  operator OptimizerSettings() const;
};

struct RMSprop {
  double learning_rate = 1e-3;
  double rho = 0.99;
  double epsilon = 1e-8;
  double l2 = 0.0;
  double clip_norm = 0.0;
  operator OptimizerSettings() const;
};

struct Adam {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double l2 = 0.0;
  double clip_norm = 0.0;
  operator OptimizerSettings() const;
};

struct AdamW {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
  double l2 = 0.0;
  double clip_norm = 0.0;
  operator OptimizerSettings() const;
};

/// For large batches. A step is about learning_rate * trust_coefficient of a weight's norm, times 1 / (1 - momentum)
/// where gradients agree; biases, gamma and beta move as with Momentum.
struct LARS {
  double learning_rate = 1e-3;
  double momentum = 0.9;
  bool nesterov = false;
  double trust_coefficient = 1e-3;
  double weight_decay = 0.01;
  double l2 = 0.0;
  double clip_norm = 0.0;
  operator OptimizerSettings() const;
};

/// For large batches.
struct LAMB {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
  double l2 = 0.0;
  double clip_norm = 0.0;
  operator OptimizerSettings() const;
};

/// What one update of one parameter needs beside the arrays.
struct UpdateScalars {
  OptimizerSettings settings;
  double learning_rate = 0.0;  ///< of this step, by the schedule
  std::int64_t step = 1;       ///< number t of this update, from 1
  float batch = 1.0F;          ///< B: samples in this global batch
  double clip_factor = 1.0;    ///< by the global norm; 1: no clipping
  bool decay = true;           ///< l2 acts on this parameter: true for weights; false for biases, gamma and beta
  double trust = 1.0;          ///< of this parameter: Optimizer::trust_ratio(); 1 for one without `decay`
};

/// One update of a run of elements of one parameter, all arrays of one length. `gradient_sum` is the sum over the
/// batch. Must be elementwise, with explicit fused multiply-adds: how a parameter is cut into runs may change no bit.
using UpdateFunction = void (*)(const UpdateScalars& scalars, std::span<float> w, const GradientSum& gradient_sum,
                                std::span<float* const> moments);

/// Squared L2 norms in float64, of a parameter or a part of it: those of its parts add up.
struct TrustNorms {
  double weights = 0.0;
  double change = 0.0;  ///< of what the ratio is to scale
};

/// State arrays that an optimizer may have.
constexpr std::size_t most_moments = 8;

struct TrustRule;

/// Adds an optimizer to those that a config can name. Call at start, before other threads make optimizers.
/// `moments` names its state arrays; names and text must live as long as the program.
/// @throws Error (usage) when the name is taken, or there are more than most_moments.
void register_optimizer(std::string_view name, std::vector<std::string_view> moments, UpdateFunction update);

/// Names of all optimizers, sorted.
std::vector<std::string> optimizer_names();

/// Whether the optimizer of that name looks at a setting that not all do: "beta1", "beta2", "epsilon", "momentum",
/// "nesterov", "rho", "trust_coefficient" or "weight_decay". True of every one that was registered: nobody knows.
bool optimizer_uses(std::string_view name, std::string_view setting);

/// An update rule by name. Elementwise, without state: the caller owns weights and moments, all moments start at zero.
///
///   g = gradient_sum / B * clip_factor, then + l2 * w where `decay` is set; r = learning_rate, then
///   gd        w -= r g
///   momentum  v = momentum v + g;  w -= r v, with `nesterov` r (g + momentum v)
///   rmsprop   s = rho s + (1 - rho) g^2;  w -= r g / (sqrt(s) + epsilon)
///   adam      m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
///             w -= r / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
///   adamw     w -= r weight_decay w first (on every parameter, as PyTorch does), then adam
///   lars      d = trust (g + weight_decay w);  momentum of d in place of g
///             trust = trust_coefficient |w| / (|g| + weight_decay |w|)
///   lamb      m, v as adam;  u = m / (1 - beta1^t) / (sqrt(v) / sqrt(1 - beta2^t) + epsilon) + weight_decay w
///             w -= r trust u;  trust = |w| / |u|
///
/// The first five are as PyTorch defines them. |x| is the L2 norm of a whole parameter, so lars and lamb need
/// trust_ratio(); parameters without `decay` have trust = 1 and no weight_decay. In lars, r is outside of v, as in
/// momentum: where You et al. keep it inside, a warm-up would act later than it says. The same bits for any cut of a
/// parameter into runs, any alignment and instruction set. Sources: Polyak 1964 (momentum); Sutskever et al. 2013
/// (Nesterov's, as a step of it); Tieleman & Hinton 2012 (RMSprop); Kingma & Ba 2015 (Adam); Loshchilov & Hutter 2019
/// (AdamW); You, Gitman & Ginsburg 2017 (LARS); You et al. 2019 (LAMB).
class Optimizer {
 public:
  /// @throws Error (usage) for an unknown name.
  explicit Optimizer(std::string_view name);

  const std::string& name() const { return *name_; }
  /// Names of the state arrays, as in a checkpoint's /optimizer/<moment>: adam, adamw and lamb "m", "v"; momentum and
  /// lars "velocity"; rmsprop "square"; gd none.
  std::span<const std::string_view> moments() const { return moments_; }

  /// @param w, gradient_sum  one run of elements of one parameter
  /// @param moments          one pointer per name of moments(), each to as many elements; may not overlap w or each
  /// other
  void update(const UpdateScalars& scalars, std::span<float> w, const GradientSum& gradient_sum,
              std::span<float* const> moments) const;

  /// Whether UpdateScalars::trust of parameters with `decay` is to be told before each update: by trust_ratio() of the
  /// sum of norms() over the parameter.
  bool trusts() const { return trust_ != nullptr; }
  /// Of a part of a parameter as it is before update(), which takes the same arguments; changes nothing. In order:
  /// 1,024 elements at a time, each as sum_of_squares() does.
  TrustNorms norms(const UpdateScalars& scalars, std::span<const float> w, const GradientSum& gradient_sum,
                   std::span<float* const> moments) const;
  /// 1 where |w| is 0, which would stay 0, or what it is divided by. NaN when a norm is, so that divergence is not
  /// hidden.
  double trust_ratio(const OptimizerSettings& settings, const TrustNorms& whole) const;

 private:
  const std::string* name_;
  std::span<const std::string_view> moments_;
  UpdateFunction update_;
  const TrustRule* trust_;  // null: none
};

}  // namespace shoal
