#include "train/feeder.hpp"

#include "train/leaf_reader.hpp"

namespace shoal {

void Feeder::feed(const Split& split, std::span<const std::int64_t> rows) {
  feed_features(split, rows);
  feed_targets(split, rows);
}

void Feeder::feed_features(const Split& split, std::span<const std::int64_t> rows) {
  features_.resize(rows.size() * static_cast<std::size_t>(model_.inputs()));
  split.read(rows, normalization_, features_);
  pack(std::span<const float>(features_), executor_.input(model_.input()), static_cast<std::int64_t>(rows.size()));
}

void Feeder::feed_targets(const Split& split, std::span<const std::int64_t> rows) {
  const Panels<float> targets = executor_.input(model_.targets());
  const auto columns = static_cast<std::size_t>(targets.columns);
  targets_.assign(rows.size() * columns, 0.0f);
  if (split.has_targets()) {
    split.read_targets(rows, targets_);
  } else {
    labels_.resize(rows.size());
    split.read_labels(rows, labels_);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (columns == 1) {
        targets_[r] = static_cast<float>(labels_[r]);  // a class number, or the target itself
      } else {
        targets_[r * columns + static_cast<std::size_t>(labels_[r])] = 1.0f;
      }
    }
  }
  pack(std::span<const float>(targets_), targets, static_cast<std::int64_t>(rows.size()));
}

Evaluation evaluate_split(Feeder& feeder, const Split& split, std::int64_t leaf_samples, std::int64_t capacity,
                          Communicator& comm) {
  const LeafCut cut{split.rows(), leaf_samples};
  const LeafShare share(cut, cut.leaves(), comm.size(), comm.rank());
  const AddMerge add;
  LeafReader reader(share, capacity, [&](LeafRun run, std::span<const std::int64_t> rows) {
    feeder.feed(split, rows);
    feeder.executor().forward({&share, run, false, 0, 0, {}}, feeder.model().loss());
    const auto statistics = feeder.executor().leaf_statistics();
    return std::vector<double>(statistics.begin(), statistics.end());
  });
  const std::vector<double> partials =
      fold_leaves(share, 2, add, [&](std::int64_t leaf, std::span<double> out) { reader.leaf(leaf, out); });
  std::vector<double> sums(2);
  comm.tree_reduce(share, partials, add, sums);
  const auto samples = static_cast<double>(split.rows());
  Evaluation evaluation{split.rows(), sums[0] / samples, {}};
  if (split.classes() > 0 && feeder.model().loss_kind() != Loss::mse) evaluation.accuracy = sums[1] / samples;
  return evaluation;
}

}  // namespace shoal
