#pragma once

#include <cstdint>
#include <string>

namespace shoal {

/// [optimizer] of a config. Keys of another optimizer are accepted and unused.
struct OptimizerSettings {
  std::string name = "adam";  ///< one of optimizer_names()
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double momentum = 0.9;  ///< momentum, lars
  bool nesterov = false;  ///< momentum, lars: looks ahead by one more step of the velocity
  double rho = 0.99;
  double l2 = 0.0;
  double weight_decay = 0.01;       ///< adamw, lars, lamb
  double trust_coefficient = 1e-3;  ///< lars: share of a weight's norm that a rate of 1 moves it
  double clip_norm = 0.0;           ///< global norm; 0: no clipping
};

/// [schedule] of a config: the factor on learning_rate.
struct ScheduleSettings {
  std::string name = "constant";  ///< one of schedule_names()
  std::int64_t warmup_steps = 0;  ///< linear, before any of them but one_cycle, which rises by itself
  std::int64_t step_epochs = 10;  ///< step: every so many whole epochs ...
  double factor = 0.1;            ///< ... times this (step); per epoch (exponential)
  double decay = 0.1;             ///< inverse_time: lr / (1 + decay * epoch)
  double min_rate = 0.0;          ///< floor of the learning rate; cosine and polynomial end there
  double power = 1.0;             ///< polynomial: 1 is a straight line
  double rise_fraction = 0.3;     ///< one_cycle: share of the steps in which the rate rises; it falls in the rest
  double start_divisor = 25.0;    ///< one_cycle: the first rate is learning_rate / this
  double end_divisor = 1e4;       ///< one_cycle: the last rate is the first / this
};

}  // namespace shoal
