// What Training checks and learns of the data before the first step, leaf by leaf in file order.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/train/training.hpp"
#include "train/feeder.hpp"
#include "train/leaf_reader.hpp"

namespace shoal {

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
    share_by_channel(config_.data.normalize, model_.input().shape().rows, data_.train.rows(), statistics);
  }
  run_together(comm_, [&] {
    encoding.normalization = from_statistics(data_.train, config_.data.normalize, statistics);
    set_encoding(std::move(encoding));
  });
}

void Training::learn_target_scaling() {
  Normalization scaling;
  if (normalizes_targets(config_, data_.train)) {
    const LeafCut cut{data_.train.rows(), cut_.leaf_samples};
    const LeafShare share(cut, cut.leaves(), comm_.size(), comm_.rank());
    const MomentsMerge merge;
    std::vector<double> statistics(2 * static_cast<std::size_t>(model_.target_columns()));
    std::vector<double> partials;
    run_together(comm_, [&] {
      partials = fold_leaves(share, statistics.size(), merge, [&](std::int64_t leaf, std::span<double> out) {
        const std::vector<double> moments = leaf_target_moments(data_.train, cut.begin(leaf), cut.end(leaf));
        std::copy(moments.begin(), moments.end(), out.begin());
      });
    });
    comm_.tree_reduce(share, partials, merge, statistics);
    run_together(comm_, [&] { scaling = from_moments("standard", statistics, data_.train.rows(), "target"); });
  }
  feeder_->set_target_scaling(std::move(scaling));
}

namespace {

/// What rows of a class count in the loss, by number of the class. counts: rows of each, or their weights.
std::vector<double> weights_of_classes(const ClassWeights& wanted, std::span<const double> counts,
                                       const std::vector<std::string>& names) {
  std::vector<double> weights(counts.size(), 1.0);
  double all = 0.0;
  double present = 0.0;
  for (const double count : counts) {
    all += count;
    present += count > 0.0 ? 1.0 : 0.0;
  }
  for (std::size_t k = 0; k < counts.size() && wanted.balanced; ++k) {
    if (counts[k] > 0.0) weights[k] = all / (present * counts[k]);
  }
  for (const auto& [name, weight] : wanted.of)
    weights[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin())] = weight;
  return weights;
}

}  // namespace

void check_class_weights(const Config& config, const TrainingData& data) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ExitStatus::usage, config.place_of("train.class_weights") + "train.class_weights " + why);
  };
  const ClassWeights& weights = config.train.class_weights;
  if (weights.any() && !data.train.has_labels()) refuse("needs labels, and y holds floats; leave it out");
  const std::vector<std::string>& names = data.description.class_names;
  std::size_t zeros = 0;
  for (const auto& [name, weight] : weights.of) {
    zeros += weight == 0.0 ? 1 : 0;
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    refuse(fmt::format("names the class \"{}\"; the classes are {}{}", name,
                       fmt::join(std::span(names).first(std::min<std::size_t>(10, names.size())), ", "),
                       names.size() > 10 ? ", ..." : ""));
  }
  if (weights.any() && zeros == names.size())
    refuse(fmt::format("gives 0 to all {}; raise one", counted(static_cast<std::int64_t>(zeros), "class", "classes")));
}

void Training::learn_class_weights() {
  class_weights_.clear();
  if (!config_.train.class_weights.any()) return;
  const LeafCut cut{data_.train.rows(), cut_.leaf_samples};
  const LeafShare share(cut, cut.leaves(), comm_.size(), comm_.rank());
  const AddMerge add;
  std::vector<double> counts(static_cast<std::size_t>(data_.train.classes()));
  std::vector<double> partials;
  run_together(comm_, [&] {
    partials = fold_leaves(share, counts.size(), add, [&](std::int64_t leaf, std::span<double> out) {
      std::vector<std::int64_t> rows(static_cast<std::size_t>(cut.end(leaf) - cut.begin(leaf)));
      std::iota(rows.begin(), rows.end(), cut.begin(leaf));
      std::vector<std::int32_t> labels(rows.size());
      data_.train.read_labels(rows, labels);
      std::vector<double> weights(rows.size(), 1.0);
      if (data_.train.has_weights()) data_.train.read_weights(rows, weights);
      std::fill(out.begin(), out.end(), 0.0);
      for (std::size_t i = 0; i < rows.size(); ++i) out[static_cast<std::size_t>(labels[i])] += weights[i];
    });
  });
  comm_.tree_reduce(share, partials, add, counts);
  run_together(comm_, [&] {
    class_weights_ = weights_of_classes(config_.train.class_weights, counts, data_.description.class_names);
    if (std::inner_product(counts.begin(), counts.end(), class_weights_.begin(), 0.0) > 0.0) return;
    throw Error(ExitStatus::usage, "train.class_weights gives 0 to all classes that the training rows have; raise one");
  });
}

namespace {

/// Whether any is above 0. A gradient times a weight is a float: what is as small as its least, or as large as its
/// greatest, would be lost.
bool check_weights(const Split& split, std::span<const std::int64_t> rows) {
  constexpr double least = 1e-15;
  constexpr double most = 1e15;
  std::vector<double> weights(rows.size());
  split.read_weights(rows, weights);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] != 0.0 && (weights[i] < least || weights[i] > most))
      throw Error(ExitStatus::bad_data,
                  fmt::format("the weight of {} is {}; use 0, or from {} to {}: only how they compare "
                              "matters",
                              split.row_name(rows[i]), weights[i], least, most));
  }
  return std::any_of(weights.begin(), weights.end(), [](double w) { return w > 0.0; });
}

}  // namespace

/// Reads every value once, each rank its share, so that a bad one is an agreed error before training starts.
void Training::check_data() {
  std::array<std::int64_t, 2> counts{};  // whether a row of train, of validation has a weight
  run_together(comm_, [&] {
    SHOAL_FAULT_POINT("check");
    for (const Split* split : {&data_.train, data_.validation ? &*data_.validation : nullptr}) {
      if (split == nullptr) continue;
      const LeafCut cut{split->rows(), cut_.leaf_samples};
      const LeafShare share(cut, cut.leaves(), comm_.size(), comm_.rank());
      const bool values_read = split == &data_.train && needs_statistics(*split, config_.data.normalize);
      LeafReader reader(share, capacity_, [&](LeafRange range, std::span<const std::int64_t> rows) {
        split->check(rows, !values_read, model_.loss_kind().targets == Loss::Targets::shares);
        if (split->has_weights() && check_weights(*split, rows)) counts[split == &data_.train ? 0 : 1] = 1;
        return std::vector<double>(static_cast<std::size_t>(range.size()));
      });
      std::vector<double> nothing(1);
      for (std::int64_t leaf = share.range().first; leaf < share.range().last; ++leaf) reader.leaf(leaf, nothing);
    }
  });
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const Split* split = i == 0 ? &data_.train : data_.validation ? &*data_.validation : nullptr;
    if (split == nullptr || !split->has_weights() || comm_.all_max(counts[i]) != 0) continue;
    throw SharedError(ExitStatus::bad_data,
                      fmt::format("the weights of split \"{}\" are all 0; give some row a weight", split->name()));
  }
}

}  // namespace shoal
