#include "run/run_account.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>

#include "run/checkpoint_size.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"
#include "shoal/optim/schedule.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/cost.hpp"

namespace shoal {
namespace {

/// "(channels, height, width)", or "(columns)".
std::string sample_shape(const ValueShape& shape) {
  if (shape.rows == 1) return fmt::format("({})", shape.columns);
  return fmt::format("({}, {}, {})", shape.columns, shape.height(), shape.width);
}

/// Inputs and what each weight makes of them: "64-32-10".
std::string layer_line(const Model& model) {
  constexpr std::size_t most = 8;
  std::vector<std::int64_t> widths;
  for (const Parameter& p : model.graph().parameters()) {
    if (p.name.ends_with("/weight")) widths.push_back(p.columns);
  }
  if (widths.size() <= most) return fmt::format("{}-{}", model.inputs(), fmt::join(widths, "-"));
  return fmt::format("{}-{}-...-{} ({} layers with weights)", model.inputs(), widths.front(), widths.back(),
                     widths.size());
}

void print_layers(const Model& model) {
  const auto line = [](const std::string& name, const std::string& output, const std::string& parameters,
                       const std::string& multiply_adds) {
    const std::string text = fmt::format("{:<30} {:<18} {:>11} {:>14}", name, output, parameters, multiply_adds);
    std::cout << text.substr(0, text.find_last_not_of(' ') + 1) << '\n';
  };
  line("layer", "output", "parameters", "multiply-adds");
  line("x", sample_shape(model.input().shape()), "", "");
  double multiply_adds = 0.0;
  for (const LayerSummary& layer : model.summaries()) {
    multiply_adds += layer.multiply_adds;
    line(std::string(2 * layer.depth, ' ') + layer.name, sample_shape(layer.output),
         layer.parameters > 0 ? fmt::format("{}", layer.parameters) : "",
         layer.multiply_adds > 0.0 ? fmt::format("{:.0f}", layer.multiply_adds) : "");
  }
  std::cout << fmt::format("total {} parameters, {:.0f} multiply-adds a sample, loss {}\n", model.parameter_count(),
                           multiply_adds, model.loss_kind().name);
}

/// What makes the learning rate of a schedule fall less in a run.
std::string slower_decay(const std::string& schedule) {
  const std::string less = schedule_spans_run(schedule) ? "" : "train for fewer epochs, or ";
  if (schedule_uses(schedule, "factor")) return less + "set schedule.factor nearer to 1";
  if (schedule_uses(schedule, "decay")) return less + "set schedule.decay lower";
  return less + (schedule_uses(schedule, "power") ? "set schedule.power lower" : "set schedule.min_rate higher");
}

/// "1400 samples", and of which splits, where another than train is among them.
std::string samples_text(const Training& training) {
  const Split& train = training.data().train;
  return counted(train.rows(), "sample") + (train.name() == "train" ? "" : " of " + train.name());
}

}  // namespace

std::string start_line(const Training& training, const Communicator& comm) {
  const std::int64_t batch = training.config().data.batch_size;
  return fmt::format("{} on {} x {} ({}, {} in reach); model {}, {}; {} in batches of {}, {}",
                     counted(comm.size(), "rank"), counted(comm.host_count(), "host"), counted(threads(), "thread"),
                     instruction_set(), counted(cores_in_reach(), "core"), layer_line(training.model()),
                     counted(training.model().parameter_count(), "parameter"), samples_text(training), batch,
                     counted(leaves_of(training.config()), "leaf", "leaves"));
}

std::string linear_line(const Training& training) {
  const ModelConfig& model = training.config().model;
  if (model.preset != "none" || !model.hidden.empty() || model.depth > 0 || !model.layers.empty()) return "";
  return fmt::format("no hidden layers: a linear model, trained for {}; --set \"model.hidden=[64]\" adds a layer",
                     counted(training.total_steps(), "step"));
}

std::string judged_weights_line(const Config& before, const Config& next) {
  const double decay = next.train.average_decay;
  if (decay > 0.0) return fmt::format("what is evaluated is the average of weights, train.average_decay = {}", decay);
  if (before.train.average_decay == 0.0) return "";
  return "what is evaluated is the last weights, and no average of them from here on: train.average_decay = 0";
}

std::string endless_warmup(const Training& training) {
  const Config& config = training.config();
  const std::int64_t warmup = config.schedule.warmup_steps;
  if (warmup <= training.total_steps() || !schedule_uses(config.schedule.name, "warmup_steps")) return "";
  return fmt::format(
      "{}schedule.warmup_steps = {} lasts longer than the run, which has {}: the learning rate "
      "ends where it was still rising",
      config.place_of("schedule.warmup_steps"), warmup, counted(training.total_steps(), "step"));
}

std::string early_end_of_learning(const Training& training) {
  constexpr double nothing = 5e-8;  // of the greatest rate: beyond the digits of a float
  const Config& config = training.config();
  const std::int64_t total = training.total_steps();
  const auto rate_at = [&](std::int64_t step) {
    return learning_rate(config.optimizer, config.schedule, step, training.steps_per_epoch(), total);
  };
  const std::int64_t stride = std::max(training.steps_per_epoch(), total / 1000);  // a run may have a billion steps
  double greatest = 0.0;
  std::int64_t last = 0;  // that learns
  for (std::int64_t step = 1; step <= total; step += stride) {
    greatest = std::max(greatest, rate_at(step));
    if (rate_at(step) > nothing * greatest) last = std::min(total, step + stride - 1);
  }
  if (last == 0 || total - last <= total / 10) return "";
  return fmt::format(
      "{}schedule.name = \"{}\" leaves less than {} of the learning rate after step {} of {}: nothing is learnt "
      "behind it; {}",
      config.place_of("schedule.name"), config.schedule.name, nothing, last, total, slower_decay(config.schedule.name));
}

std::string finished_line(const Training& training, const std::string& name) {
  const std::int64_t step = training.progress().step;
  if (training.stopped_early())
    return fmt::format(
        "{} is finished: it stopped early after step {}, {} without progress; raise train.early_stopping.patience to "
        "train on",
        name, step, counted(training.progress().stale_evaluations, "evaluation"));
  return fmt::format("{} is finished: {} done; raise {} to train on", name, counted(step, "step is", "steps are"),
                     training.config().train.steps > 0 ? "train.steps" : "train.epochs");
}

void print_dry_run(const Training& training, const Config& next, const Communicator& comm) {
  const Model& model = training.model();
  print_layers(model);
  std::cout << fmt::format("{}, {} an epoch; validation: {}\n", counted(training.total_steps(next), "step"),
                           training.steps_per_epoch(),
                           training.data().validation ? counted(training.data().validation->rows(), "sample") : "none");
  const TrainingCost cost = estimate_cost(next, training.data(), HostLoad::of(comm));
  std::cout << fmt::format("memory per host: about {:.1f} MB to train and save; checkpoint: about {:.1f} MB\n",
                           (cost.model_bytes + cost.batch_bytes + cost.judge_bytes) * 1e-6,
                           static_cast<double>(checkpoint_bytes(training, next)) * 1e-6);
  std::cout << start_line(training, comm) << "\nnothing was written\n";
}

}  // namespace shoal
