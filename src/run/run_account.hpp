#pragma once

#include <string>

#include "shoal/train/training.hpp"

namespace shoal {

/// What a run says of itself before its first step: ranks, model, data.
std::string start_line(const Training& training, const Communicator& comm);
/// Of a model without hidden layers, which is what the defaults have; empty: it has some.
std::string linear_line(const Training& training);
/// Which weights are evaluated: an average of them, or none any more; empty: the last ones, as before.
/// @param next  acts from the next step on
std::string judged_weights_line(const Config& before, const Config& next);
/// Of a warm-up that is not over when the run is; empty: there is none.
std::string endless_warmup(const Training& training);
/// Of a schedule that takes the learning rate to nothing long before the run ends; else empty.
std::string early_end_of_learning(const Training& training);
/// Of a run that has nothing left to do, and what would give it more.
std::string finished_line(const Training& training, const std::string& name);

/// Prints what would be trained: all layers with shapes, numbers and work, then steps and memory.
/// @param next  acts from the next step on
void print_dry_run(const Training& training, const Config& next, const Communicator& comm);

}  // namespace shoal
