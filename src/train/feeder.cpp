#include "train/feeder.hpp"

#include "shoal/comm/run_together.hpp"
#include "train/leaf_reader.hpp"

namespace shoal {

void Feeder::feed(const Split& split, std::span<const std::int64_t> rows) {
  feed_features(split, rows);
  loader_.targets(split, rows, executor_.input(model_.targets()));
}

void Feeder::feed_features(const Split& split, std::span<const std::int64_t> rows) {
  loader_.features(split, *encoder_, rows, executor_.input(model_.input()), nullptr, unseen_);
}

void Feeder::feed(ReadBatch& batch) {
  executor_.exchange_input(model_.input(), batch.features);
  executor_.exchange_input(model_.targets(), batch.targets);
}

Evaluation evaluate_split(Feeder& feeder, const Split& split, std::int64_t leaf_samples, std::int64_t capacity,
                          Communicator& comm) {
  const LeafCut cut{split.rows(), leaf_samples};
  const LeafShare share(cut, cut.leaves(), comm.size(), comm.rank());
  const AddMerge add;
  LeafReader reader(share, capacity, [&](LeafRange range, std::span<const std::int64_t> rows) {
    feeder.feed(split, rows);
    feeder.executor().forward({&share, range, false, 0, 0, {}}, feeder.model().loss());
    const auto statistics = feeder.executor().leaf_statistics();
    return std::vector<double>(statistics.begin(), statistics.end());
  });
  std::vector<double> partials;
  run_together(comm, [&] {  // a row that cannot be used is found by one rank
    partials = fold_leaves(share, 2, add, [&](std::int64_t leaf, std::span<double> out) { reader.leaf(leaf, out); });
  });
  std::vector<double> sums(2);
  comm.tree_reduce(share, partials, add, sums);
  return evaluation_of(feeder.model(), split.classes(), split.rows(), sums[0], sums[1]);
}

}  // namespace shoal
