#include "shoal/optim/optimizer.hpp"

namespace shoal {

GradientDescent::operator OptimizerSettings() const {
  return {.name = "gd", .learning_rate = learning_rate, .l2 = l2, .clip_norm = clip_norm};
}

Momentum::operator OptimizerSettings() const {
  return {.name = "momentum",
          .learning_rate = learning_rate,
          .momentum = momentum,
          .nesterov = nesterov,
          .l2 = l2,
          .clip_norm = clip_norm};
}

RMSprop::operator OptimizerSettings() const {
  return {.name = "rmsprop",
          .learning_rate = learning_rate,
          .epsilon = epsilon,
          .rho = rho,
          .l2 = l2,
          .clip_norm = clip_norm};
}

Adam::operator OptimizerSettings() const {
  return {.name = "adam",
          .learning_rate = learning_rate,
          .beta1 = beta1,
          .beta2 = beta2,
          .epsilon = epsilon,
          .l2 = l2,
          .clip_norm = clip_norm};
}

AdamW::operator OptimizerSettings() const {
  return {.name = "adamw",
          .learning_rate = learning_rate,
          .beta1 = beta1,
          .beta2 = beta2,
          .epsilon = epsilon,
          .l2 = l2,
          .weight_decay = weight_decay,
          .clip_norm = clip_norm};
}

LARS::operator OptimizerSettings() const {
  return {.name = "lars",
          .learning_rate = learning_rate,
          .momentum = momentum,
          .nesterov = nesterov,
          .l2 = l2,
          .weight_decay = weight_decay,
          .trust_coefficient = trust_coefficient,
          .clip_norm = clip_norm};
}

LAMB::operator OptimizerSettings() const {
  return {.name = "lamb",
          .learning_rate = learning_rate,
          .beta1 = beta1,
          .beta2 = beta2,
          .epsilon = epsilon,
          .l2 = l2,
          .weight_decay = weight_decay,
          .clip_norm = clip_norm};
}

}  // namespace shoal
