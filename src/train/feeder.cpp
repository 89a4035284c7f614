#include "train/feeder.hpp"

#include <fmt/format.h>

#include <cmath>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "train/leaf_reader.hpp"

namespace shoal {

void Feeder::feed(const Split& split, std::span<const std::int64_t> rows) {
  feed_features(split, rows);
  loader_.targets(split, target_scaling_, rows, executor_.input(model_.targets()));
}

void Feeder::feed_features(const Split& split, std::span<const std::int64_t> rows) {
  const ValueShape& shape = model_.input().shape();
  loader_.features(split, *encoder_, rows, shape, executor_.input(model_.input()), nullptr, unseen_);
  far_.count(executor_.input(model_.input()), std::ssize(rows) * shape.rows);
}

std::span<const double> Feeder::weights(const Split& split, std::span<const std::int64_t> rows) {
  loader_.weights(split, {}, rows, weights_);
  return weights_;
}

void Feeder::feed(ReadBatch& batch) {
  executor_.exchange_input(model_.input(), batch.features);
  executor_.exchange_input(model_.targets(), batch.targets);
}

std::vector<double> leaf_weights(const LeafCut& cut, LeafRange range, std::span<const double> weights) {
  std::vector<double> sums;
  const std::int64_t first = cut.begin(range.first);
  for (std::int64_t leaf = range.first; leaf < range.last; ++leaf) {
    double sum = 0.0;
    for (std::int64_t row = cut.begin(leaf); row < cut.end(leaf); ++row)
      sum += weights[static_cast<std::size_t>(row - first)];
    sums.push_back(sum);
  }
  return sums;
}

std::vector<double> with_weights(std::span<const double> statistics, std::span<const double> leaf_weights) {
  std::vector<double> rows;
  for (std::size_t leaf = 0; leaf < leaf_weights.size(); ++leaf)
    rows.insert(rows.end(), {statistics[2 * leaf], statistics[2 * leaf + 1], leaf_weights[leaf]});
  return rows;
}

Evaluation evaluate_split(Feeder& feeder, const Split& split, std::int64_t leaf_samples, std::int64_t capacity,
                          Communicator& comm, SplitJudge* judge) {
  const LeafCut cut{split.rows(), leaf_samples};
  const LeafShare share(cut, cut.leaves(), comm.size(), comm.rank());
  const AddMerge add;
  const bool weighted = split.has_weights();
  const std::size_t width = weighted ? 3 : 2;
  LeafReader reader(share, capacity, [&](LeafRange range, std::span<const std::int64_t> rows) {
    feeder.feed(split, rows);
    const std::span<const double> weights = feeder.weights(split, rows);
    feeder.executor().forward({&share, range, false, 0, 0, {}, weights}, feeder.model().loss());
    const auto statistics = feeder.executor().leaf_statistics();
    if (judge != nullptr) judge->take(split, rows, feeder.executor().value(feeder.model().logits()), weights);
    if (!weighted) return std::vector<double>(statistics.begin(), statistics.end());
    return with_weights(statistics, leaf_weights(cut, range, weights));
  });
  std::vector<double> partials;
  run_together(comm, [&] {  // a row that cannot be used is found by one rank
    partials =
        fold_leaves(share, width, add, [&](std::int64_t leaf, std::span<double> out) { reader.leaf(leaf, out); });
  });
  std::vector<double> sums(width);
  comm.tree_reduce(share, partials, add, sums);
  const double weight = weighted ? sums[2] : static_cast<double>(split.rows());
  run_together(comm, [&] {
    if (!(weight > 0.0))
      throw Error(ExitStatus::bad_data, fmt::format("the weights of split \"{}\" are all 0: there is nothing to judge; "
                                                    "give another split",
                                                    split.name()));
  });
  Evaluation evaluation = evaluation_of(feeder.model(), split.classes(), split.rows(), sums[0], sums[1], weight);
  if (judge != nullptr && std::isfinite(evaluation.loss)) judge->finish(evaluation, comm);
  return evaluation;
}

}  // namespace shoal
