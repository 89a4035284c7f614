// How Training judges itself, and what it computes over whole splits, in file order, leaf by leaf.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/train/training.hpp"
#include "train/feeder.hpp"
#include "train/leaf_reader.hpp"
#include "train/replica.hpp"

namespace shoal {

void require_finite(const std::string& what, double loss, std::optional<double> rate) {
  if (std::isfinite(loss)) return;
  // Without the sign of a NaN, which is the processor's choice.
  throw SharedError(
      ExitStatus::diverged,
      fmt::format("{} is {}; lower optimizer.learning_rate{} or set optimizer.clip_norm", what,
                  std::isnan(loss) ? "nan" : fmt::format("{}", loss), rate ? fmt::format(" ({})", *rate) : ""));
}

Evaluation Training::epoch_average() const {
  const RunProgress& epoch = progress_.position == 0 ? ended_epoch_ : progress_;
  return evaluation_of(model_, data_.description.classes, epoch.position, epoch.epoch_loss, epoch.epoch_right);
}

bool Training::note(const Evaluation& evaluation) {
  const bool best = progress_.best_step < 0 || evaluation.loss < progress_.best_loss;
  const bool progress = evaluation.loss < progress_.least_loss - config_.train.early_stopping.min_delta;
  progress_.stale_evaluations = progress ? 0 : progress_.stale_evaluations + 1;
  progress_.least_loss = std::min(progress_.least_loss, evaluation.loss);
  if (best) {
    progress_.best_step = progress_.step;
    progress_.best_loss = evaluation.loss;
  }
  return best;
}

std::optional<EpochReport> Training::end_epoch(const StepReport& step, bool wanted) {
  if (!step.ends_epoch && !finished()) return std::nullopt;
  SHOAL_FAULT_POINT("epoch_end");
  EpochReport report;
  report.average = epoch_average();
  const std::int64_t epoch = cut_.epoch(progress_.step);
  report.judged = epoch % config_.train.evaluate_every == 0 || finished();
  if (data_.validation && (report.judged || wanted)) report.validation = validate();
  report.best = report.judged && note(report.result());
  return report;
}

std::optional<Evaluation> Training::finish() {
  if (config_.model.batch_norm.running != "exact") return std::nullopt;
  refine_statistics();
  if (!data_.validation) return std::nullopt;
  return validate();
}

Evaluation Training::validate() {
  const Evaluation evaluation = evaluate(*data_.validation);
  const std::int64_t step = progress_.step;
  require_finite(fmt::format("the validation loss after step {} (epoch {})", step, cut_.epoch(step)), evaluation.loss);
  return evaluation;
}

Evaluation Training::evaluate(const Split& split, const ColumnMatch* match) {
  const Doing doing(Activity::evaluating);
  SHOAL_FAULT_POINT("evaluation");
  const std::int64_t leaf = std::min(cut_.leaf_samples, split.rows());
  if (leaf <= capacity_ && match == nullptr)
    return evaluate_split(*feeder_, split, cut_.leaf_samples, capacity_, comm_);
  // A split that is none of this training's: its leaves may be larger than any of those, its columns other ones.
  std::unique_ptr<Executor<float>> own;
  run_together(comm_, [&] { own = replica_->make_executor(std::max(leaf, capacity_)); });
  Feeder feeder(model_, *own);
  feeder.set_encoder(match == nullptr ? feeder_->encoder()
                                      : std::make_shared<const RowEncoder>(encoding(), *match, data_.train.features()));
  return evaluate_split(feeder, split, cut_.leaf_samples, std::max(leaf, capacity_), comm_);
}

void Training::refine_statistics() {
  const Doing doing(Activity::evaluating);
  SHOAL_FAULT_POINT("exact");
  if (averages_.empty()) averages_.assign(replica_->states().begin(), replica_->states().end());
  const LeafCut cut{data_.train.rows(), cut_.leaf_samples};
  const LeafShare share(cut, cut.leaves(), comm_.size(), comm_.rank());
  const MomentsMerge moments;
  for (const std::size_t node : model_.nodes_with_state()) {
    const std::size_t width = static_cast<std::size_t>(2 * padded_size(1, model_.graph().nodes()[node].shape.columns));
    LeafReader reader(share, capacity_, [&](LeafRange range, std::span<const std::int64_t> rows) {
      feeder_->feed_features(data_.train, rows);
      return replica_->executor().statistics_of({&share, range, false, config_.seed, 0, {}}, node);
    });
    const std::vector<double> partials =
        fold_leaves(share, width, moments, [&](std::int64_t leaf, std::span<double> out) { reader.leaf(leaf, out); });
    std::vector<double> merged(width);
    comm_.tree_reduce(share, partials, moments, merged);
    const Node& graph_node = model_.graph().nodes()[node];
    const auto columns = static_cast<std::size_t>(graph_node.shape.columns);
    const std::span<double> state = replica_->states().subspan(static_cast<std::size_t>(graph_node.state_offset));
    const auto rows = static_cast<double>(data_.train.rows());
    for (std::size_t c = 0; c < columns; ++c) {
      state[c] = merged[c];
      if (rows > 1) state[columns + c] = merged[width / 2 + c] / (rows - 1.0);
    }
  }
}

void Training::learn_encoding() {
  Encoding encoding = encoding_for(config_, data_);
  PrepareRows prepare;
  if (!encoding.columns.empty()) prepare = [&](std::span<double> values) { fill_cells(encoding.columns, values); };
  const bool needed = needs_statistics(data_.train, config_.data.normalize);
  const LeafCut cut{data_.train.rows(), cut_.leaf_samples};
  const LeafShare share(cut, cut.leaves(), comm_.size(), comm_.rank());
  std::vector<double> partials;
  std::vector<double> statistics;
  if (needed) {
    run_together(comm_, [&] { partials = node_statistics(data_.train, config_.data.normalize, share, prepare); });
    statistics.resize(static_cast<std::size_t>(2 * data_.train.features()));
    comm_.tree_reduce(share, partials, statistics_merge(config_.data.normalize), statistics);
  }
  run_together(comm_, [&] {
    encoding.normalization = from_statistics(data_.train, config_.data.normalize, statistics);
    set_encoding(std::move(encoding));
  });
}

/// Reads every value once, each rank its share, so that a bad one is an agreed error before training starts.
void Training::check_data() {
  run_together(comm_, [&] {
    SHOAL_FAULT_POINT("check");
    for (const Split* split : {&data_.train, data_.validation ? &*data_.validation : nullptr}) {
      if (split == nullptr) continue;
      const LeafCut cut{split->rows(), cut_.leaf_samples};
      const LeafShare share(cut, cut.leaves(), comm_.size(), comm_.rank());
      const bool values_read = split == &data_.train && needs_statistics(*split, config_.data.normalize);
      LeafReader reader(share, capacity_, [&](LeafRange range, std::span<const std::int64_t> rows) {
        split->check(rows, !values_read, model_.loss_kind().targets == Loss::Targets::shares);
        return std::vector<double>(static_cast<std::size_t>(range.size()));
      });
      std::vector<double> nothing(1);
      for (std::int64_t leaf = share.range().first; leaf < share.range().last; ++leaf) reader.leaf(leaf, nothing);
    }
  });
}

}  // namespace shoal
