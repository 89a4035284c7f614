// What Training computes over whole splits, in file order, leaf by leaf.
#include <algorithm>
#include <numeric>

#include "shoal/comm/run_together.hpp"
#include "train/activity.hpp"
#include "train/fault_point.hpp"
#include "train/leaf_reader.hpp"
#include "train/training.hpp"

namespace shoal {

Evaluation Training::evaluate(const Split& split) {
  const Doing doing(Activity::evaluating);
  SHOAL_FAULT_POINT("evaluation");
  return evaluate_split(*feeder_, split, cut_.leaf_samples, capacity_, comm_);
}

void Training::refine_statistics() {
  if (config_.model.batch_norm.running != "exact") return;
  const Doing doing(Activity::evaluating);
  SHOAL_FAULT_POINT("exact");
  if (averages_.empty()) averages_.assign(replica_->states().begin(), replica_->states().end());
  const LeafCut cut{data_.train.rows(), cut_.leaf_samples};
  const LeafShare share(cut, cut.leaves(), comm_.size(), comm_.rank());
  const MomentsMerge moments;
  for (const std::size_t node : model_.batch_norms()) {
    const std::size_t width = static_cast<std::size_t>(2 * padded_size(1, model_.graph().nodes()[node].shape.columns));
    LeafReader reader(share, capacity_, [&](LeafRun run, std::span<const std::int64_t> rows) {
      feeder_->feed_features(data_.train, rows);
      return replica_->executor().statistics_of({&share, run, false, config_.seed, 0, {}}, node);
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

void Training::learn_normalization() {
  const bool needed = needs_statistics(data_.train, config_.data.normalize);
  const LeafCut cut{data_.train.rows(), cut_.leaf_samples};
  const LeafShare share(cut, cut.leaves(), comm_.size(), comm_.rank());
  std::vector<double> partials;
  std::vector<double> statistics;
  if (needed) {
    run_together(comm_, [&] { partials = node_statistics(data_.train, config_.data.normalize, share); });
    statistics.resize(static_cast<std::size_t>(2 * data_.train.features()));
    comm_.tree_reduce(share, partials, statistics_merge(config_.data.normalize), statistics);
  }
  feeder_->set_normalization(from_statistics(data_.train, config_.data.normalize, statistics));
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
      LeafReader reader(share, capacity_, [&](LeafRun run, std::span<const std::int64_t> rows) {
        if (!values_read && is_floating(split->element_type())) {
          std::vector<double> values(rows.size() * static_cast<std::size_t>(split->features()));
          split->read_values(rows, values);
        }
        if (split->has_labels()) {
          std::vector<std::int32_t> labels(rows.size());
          split->read_labels(rows, labels);
        } else {
          std::vector<float> targets(rows.size() * static_cast<std::size_t>(split->outputs()));
          split->read_targets(rows, targets);
        }
        return std::vector<double>(static_cast<std::size_t>(run.size()));
      });
      std::vector<double> nothing(1);
      for (std::int64_t leaf = share.run().first; leaf < share.run().last; ++leaf) reader.leaf(leaf, nothing);
    }
  });
}

}  // namespace shoal
