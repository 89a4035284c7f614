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

namespace {

/// Share of a row's outputs that are on the side of 1/2 where the target is.
double share_right(Panels<const float> logits, Panels<float> targets, std::int64_t row) {
  std::int64_t right = 0;
  for (std::int64_t k = 0; k < logits.columns; ++k)
    right += (logits.at(row, k) > 0.0F) == (targets.at(row, k) > 0.5F) ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(logits.columns);
}

}  // namespace

std::vector<double> leaf_sums(const Executor<float>& executor, const Model& model, bool each_output, const LeafCut& cut,
                              LeafRange range, std::span<const double> weights) {
  const std::span<const double> statistics = executor.leaf_statistics();
  const std::int64_t first = cut.begin(range.first);
  std::vector<double> sums;
  for (std::int64_t leaf = range.first; leaf < range.last; ++leaf) {
    const auto at = 2 * static_cast<std::size_t>(leaf - range.first);
    double right = each_output ? 0.0 : statistics[at + 1];
    double sum = 0.0;
    for (std::int64_t row = cut.begin(leaf) - first; row < cut.end(leaf) - first; ++row) {
      const double weight = weights.empty() ? 1.0 : weights[static_cast<std::size_t>(row)];
      sum += weight;
      if (each_output)
        right += weight * share_right(executor.value(model.logits()), executor.input(model.targets()), row);
    }
    sums.insert(sums.end(), {statistics[at], right});
    if (!weights.empty()) sums.push_back(sum);
  }
  return sums;
}

Evaluation evaluate_split(Feeder& feeder, std::int64_t classes, const Split& split, std::int64_t leaf_samples,
                          std::int64_t capacity, Communicator& comm, SplitJudge* judge) {
  const LeafCut cut{split.rows(), leaf_samples};
  const LeafShare share(cut, cut.leaves(), comm.size(), comm.rank());
  const AddMerge add;
  const bool weighted = split.has_weights();
  const bool each_output = tells_each_output(feeder.model(), classes);
  const std::size_t width = weighted ? 3 : 2;
  LeafReader reader(share, capacity, [&](LeafRange range, std::span<const std::int64_t> rows) {
    feeder.feed(split, rows);
    const std::span<const double> weights = feeder.weights(split, rows);
    feeder.executor().forward({&share, range, false, 0, 0, {}, weights}, feeder.model().loss());
    if (judge != nullptr) judge->take(split, rows, feeder.executor().value(feeder.model().logits()), weights);
    return leaf_sums(feeder.executor(), feeder.model(), each_output, cut, range, weights);
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
  Evaluation evaluation = evaluation_of(feeder.model(), split.rows(), sums[0], sums[1], weight);
  if (judge != nullptr && std::isfinite(evaluation.loss)) judge->finish(evaluation, comm);
  return evaluation;
}

}  // namespace shoal
