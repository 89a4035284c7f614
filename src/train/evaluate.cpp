// How Training judges itself, and what it computes with the model over whole splits, in file order, leaf by leaf.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/train/training.hpp"
#include "train/feeder.hpp"
#include "train/leaf_reader.hpp"
#include "train/replica.hpp"
#include "train/split_judge.hpp"

namespace shoal {

void require_finite(const std::string& what, double loss, std::optional<double> rate, bool updated) {
  if (std::isfinite(loss)) return;
  const std::string advice =
      updated ? fmt::format("lower optimizer.learning_rate{} or set optimizer.clip_norm",
                            rate ? fmt::format(" ({})", *rate) : "")
              : "no update has acted yet, so that values of the data or first weights are too large for float32; scale "
                "them down, such as by data.normalize = \"standard\"";
  // Without the sign of a NaN, which is the processor's choice.
  throw SharedError(ExitStatus::diverged,
                    fmt::format("{} is {}; {}", what, std::isnan(loss) ? "nan" : fmt::format("{}", loss), advice));
}

Evaluation Training::epoch_average() const {
  const RunProgress& epoch = progress_.position == 0 ? ended_epoch_ : progress_;
  return evaluation_of(model_, epoch.position, epoch.epoch_loss, epoch.epoch_right, epoch.epoch_weight);
}

bool Training::note(const EpochReport& report) {
  const Evaluation& judged = config_.train.metric == Metric::train_loss ? report.average : report.result();
  const double loss = judged.loss;
  const std::optional<double> value = value_of(config_.train.metric, judged);
  if (!value) {
    std::string why;
    for (const std::string& note : judged.notes) why += "; " + note;
    throw SharedError(ExitStatus::bad_data,
                      fmt::format("train.metric = \"{}\" cannot be told of the split \"{}\"{}; use another metric, or "
                                  "other data to validate on",
                                  to_string(config_.train.metric), data_.validation_name, why));
  }
  const double score = higher_is_better(config_.train.metric) ? -*value : *value;
  before_note_ = progress_;
  const bool progress = score < progress_.least_score - config_.train.early_stopping.min_delta;
  progress_.stale_evaluations = progress ? 0 : progress_.stale_evaluations + 1;
  progress_.least_score = std::min(progress_.least_score, score);
  return compete(score, loss);
}

bool Training::compete(double score, double loss) {
  if (progress_.best_step >= 0 && std::pair(score, loss) >= std::pair(progress_.best_score, progress_.best_loss))
    return false;
  progress_.best_step = progress_.step;
  progress_.best_loss = loss;
  progress_.best_score = score;
  return true;
}

void Training::leave_out_of_best() {
  if (before_note_.step != progress_.step) return;
  progress_.best_step = before_note_.best_step;
  progress_.best_loss = before_note_.best_loss;
  progress_.best_score = before_note_.best_score;
}

void Training::note_exact(const Evaluation& exact) {
  const std::optional<double> value = value_of(config_.train.metric, exact);
  if (before_note_.step != progress_.step || config_.train.metric == Metric::train_loss || !value) return;
  leave_out_of_best();
  compete(higher_is_better(config_.train.metric) ? -*value : *value, exact.loss);
}

std::optional<EpochReport> Training::end_epoch(const StepReport& step, bool wanted) {
  if (!step.ends_epoch && !finished()) return std::nullopt;
  SHOAL_FAULT_POINT("epoch_end");
  EpochReport report;
  report.average = epoch_average();
  const std::int64_t epoch = cut_.epoch(progress_.step);
  // Batches whose rows all have the weight 0 have no loss.
  const bool by_average = !data_.validation || config_.train.metric == Metric::train_loss;
  const bool weighs = (progress_.position == 0 ? ended_epoch_ : progress_).epoch_weight > 0.0;
  report.judged = (epoch % config_.train.evaluate_every == 0 || finished()) && (weighs || !by_average);
  if (data_.validation && (report.judged || wanted)) report.validation = validate();
  report.best = report.judged && note(report);
  if (report.judged && !is_loss(config_.train.metric)) report.metric = value_of(config_.train.metric, report.result());
  return report;
}

std::optional<Evaluation> Training::finish() {
  if (config_.model.batch_norm.running != "exact") return std::nullopt;
  refine_statistics();
  if (!data_.validation) return std::nullopt;
  const Evaluation exact = validate();
  note_exact(exact);
  return exact;
}

Evaluation Training::validate() {
  const bool metrics =
      metrics_wanted_ || (!is_loss(config_.train.metric) && config_.train.metric != Metric::validation_accuracy);
  Evaluation evaluation = evaluate(*data_.validation, metrics);
  const std::int64_t step = progress_.step;
  require_finite(fmt::format("the validation loss after step {} (epoch {})", step, cut_.epoch(step)), evaluation.loss);
  return evaluation;
}

Evaluation Training::evaluate(const Split& split, bool metrics, const ColumnMatch* match) {
  const Doing doing(Activity::evaluating);
  SHOAL_FAULT_POINT("evaluation");
  std::optional<SplitJudge> judge;
  if (metrics) judge.emplace(model_, data_.description, target_scaling());
  begin_average();
  const Judging judging(*replica_);
  SplitJudge* judged = judge ? &*judge : nullptr;
  const std::int64_t leaf = std::min(cut_.leaf_samples, split.rows());
  if (leaf <= capacity_ && match == nullptr)
    return evaluate_split(*feeder_, data_.description.classes, split, cut_.leaf_samples, capacity_, comm_, judged);
  // A split that is none of this training's: its leaves may be larger than any of those, its columns other ones.
  std::unique_ptr<Executor<float>> own;
  run_together(comm_, [&] { own = replica_->make_executor(std::max(leaf, capacity_)); });
  Feeder feeder(model_, *own);
  feeder.set_encoder(match == nullptr ? feeder_->encoder()
                                      : std::make_shared<const RowEncoder>(encoding(), *match, data_.train.features()));
  feeder.set_target_scaling(feeder_->target_scaling());
  return evaluate_split(feeder, data_.description.classes, split, cut_.leaf_samples, std::max(leaf, capacity_), comm_,
                        judged);
}

void Training::refine_statistics() {
  const Doing doing(Activity::evaluating);
  SHOAL_FAULT_POINT("exact");
  begin_average();
  const Judging judging(*replica_);
  if (averages_.empty()) averages_.assign(replica_->judged_states().begin(), replica_->judged_states().end());
  const LeafCut cut{data_.train.rows(), cut_.leaf_samples};
  const LeafShare share(cut, cut.leaves(), comm_.size(), comm_.rank());
  const MomentsMerge moments;
  for (const std::size_t node : model_.nodes_with_state()) {
    const std::size_t width = static_cast<std::size_t>(2 * padded_size(1, model_.graph().nodes()[node].shape.columns));
    LeafReader reader(share, capacity_, [&](LeafRange range, std::span<const std::int64_t> rows) {
      feeder_->feed_features(data_.train, rows);
      return replica_->executor().statistics_of({&share, range, false, config_.seed, 0, {}}, node);
    });
    std::vector<double> partials;
    run_together(comm_, [&] {  // a row that cannot be read is found by one rank
      partials =
          fold_leaves(share, width, moments, [&](std::int64_t leaf, std::span<double> out) { reader.leaf(leaf, out); });
    });
    std::vector<double> merged(width);
    comm_.tree_reduce(share, partials, moments, merged);
    const Node& graph_node = model_.graph().nodes()[node];
    const auto columns = static_cast<std::size_t>(graph_node.shape.columns);
    const std::span<double> state =
        replica_->judged_states().subspan(static_cast<std::size_t>(graph_node.state_offset));
    const auto positions = static_cast<double>(graph_node.shape.rows);
    const double rows = static_cast<double>(data_.train.rows()) * positions;
    for (std::size_t c = 0; c < columns; ++c) {
      state[c] = merged[c];
      if (rows > 1) state[columns + c] = merged[width / 2 + c] * positions / (rows - 1.0);
    }
  }
}

}  // namespace shoal
