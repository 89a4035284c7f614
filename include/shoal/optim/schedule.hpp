#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/optim/settings.hpp"

namespace shoal {

/// Names of all schedules, sorted.
std::vector<std::string> schedule_names();

/// Whether the schedule of that name looks at a setting: "step_epochs", "factor", "decay", "min_rate", "power",
/// "rise_fraction", "start_divisor" or "end_divisor"; "warmup_steps" is of all but one_cycle.
bool schedule_uses(const std::string& name, std::string_view setting);

/// Whether the schedule is stretched over all steps of a run, so that a run of another length has other rates from the
/// start: cosine, polynomial, one_cycle.
bool schedule_spans_run(const std::string& name);

/// The learning rate of update `step` (from 1). A function of its arguments alone, so that a nudge of either settings
/// acts from its step on. With lr = optimizer.learning_rate and w = warmup_steps:
///
///   step <= w     lr * step / w, whatever the schedule and min_rate
///   constant      lr
///   step          lr * factor^floor(epoch / step_epochs)     epoch = floor((step - 1) / steps_per_epoch), from 0
///   exponential   lr * factor^epoch
///   inverse_time  lr / (1 + decay * epoch)
///   cosine        min_rate + (lr - min_rate) / 2 * (1 + cos(pi p))            p = (step - 1 - w) / (total_steps - w)
///   polynomial    min_rate + (lr - min_rate) * (1 - p)^power
///   one_cycle     from lr / start_divisor to lr in the first rise_fraction of total_steps, then down to
///                 lr / start_divisor / end_divisor with the last step, both ways by half a cosine; no warm-up before
///                 it
///
/// After the warm-up, never below min_rate (nor above lr on that account). They agree with PyTorch's StepLR,
/// ExponentialLR, CosineAnnealingLR(T_max = total_steps - w), PolynomialLR(total_iters = total_steps - w) and
/// OneCycleLR(max_lr = lr, total_steps, pct_start = rise_fraction, div_factor = start_divisor, final_div_factor =
/// end_divisor, cycle_momentum = False), and the warm-up with LinearLR from 1 / w; epochs are counted from the first
/// step, warm-up included. Source of one_cycle: Smith & Topin, Super-convergence (2018).
double learning_rate(const OptimizerSettings& optimizer, const ScheduleSettings& schedule, std::int64_t step,
                     std::int64_t steps_per_epoch, std::int64_t total_steps);

}  // namespace shoal
