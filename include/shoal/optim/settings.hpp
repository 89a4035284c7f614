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
  double momentum = 0.9;
  double rho = 0.99;
  double l2 = 0.0;
  double weight_decay = 0.01;  ///< adamw alone
  double clip_norm = 0.0;      ///< global norm; 0: no clipping
};

/// [schedule] of a config: the factor on learning_rate.
struct ScheduleSettings {
  std::string name = "constant";  ///< constant, step, exponential, inverse_time, cosine
  std::int64_t warmup_steps = 0;  ///< linear, before any of them
  std::int64_t step_epochs = 10;  ///< step: every so many whole epochs ...
  double factor = 0.1;            ///< ... times this (step); per epoch (exponential)
  double decay = 0.1;             ///< inverse_time: lr / (1 + decay * epoch)
  double min_rate = 0.0;          ///< floor of the learning rate; cosine ends there
};

}  // namespace shoal
