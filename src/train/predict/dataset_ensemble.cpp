#include "shoal/train/dataset_ensemble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <optional>
#include <utility>

#include "shoal/comm/run_together.hpp"
#include "shoal/config/config.hpp"
#include "shoal/core/error.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/train/same_data.hpp"
#include "train/data/scale_check.hpp"
#include "train/leaf_reader.hpp"
#include "train/predict/loss_of_mean.hpp"
#include "train/predict/member.hpp"
#include "train/predict/prediction_rounds.hpp"

namespace shoal {
namespace {

constexpr std::int64_t ensemble_leaf = 128;  // samples; of no member's config, for those may differ

using Members = std::vector<std::unique_ptr<Member>>;

std::vector<MemberView> views_of_members(const Members& members) {
  std::vector<MemberView> views;
  for (const auto& m : members) views.push_back({m->trained.path, m->layout, m->trained.data});
  return views;
}

void require_same_loss(const Members& members) {
  const Loss& first = members.front()->trained.model.loss_kind();
  for (const auto& member : members) {
    const Loss& other = member->trained.model.loss_kind();
    if (first.name != other.name || first.numbers.levels != other.numbers.levels)
      throw Error(
          ExitStatus::bad_data,
          fmt::format("{} was trained with the loss \"{}\", and {} with {}\"{}\"; an ensemble is of models that "
                      "predict the same",
                      members.front()->trained.path, first.name, member->trained.path,
                      first.name == other.name ? "other levels of " : "", other.name));
  }
}

/// Categories that any member knows: a file is read for all of them.
DataDescription description_for_all(const Members& members) {
  DataDescription all = members.front()->trained.data;
  if (!all.table) return all;
  for (FeatureColumn& column : all.table->features) {
    for (const auto& member : members) {
      if (!member->trained.data.table) continue;
      for (const FeatureColumn& other : member->trained.data.table->features) {
        if (other.name == column.name)
          column.categories.insert(column.categories.end(), other.categories.begin(), other.categories.end());
      }
    }
    std::sort(column.categories.begin(), column.categories.end());
    column.categories.erase(std::unique(column.categories.begin(), column.categories.end()), column.categories.end());
  }
  return all;
}

/// What all members make of rows of a split, on this rank.
class Passes {
 public:
  Passes(const Members& members, const PredictionLayout& layout, const Dataset& data, const Split& split)
      : layout_(layout), split_(split), data_(data.path()) {
    for (const auto& member : members)
      passes_.emplace_back(*member, match_quietly(*member, data, split), capacity_of(split, members.size()),
                           static_cast<int>(members.size()));
  }

  /// All members' rows are in memory at a time: together not more than those of one model.
  static std::int64_t capacity_of(const Split& split, std::size_t members) {
    const std::int64_t most = std::max(ensemble_leaf, prediction_block / static_cast<std::int64_t>(members));
    return std::clamp<std::int64_t>(split.rows(), 1, most);
  }
  EnsemblePredictions predict(std::span<const std::int64_t> rows, bool spread) {
    std::vector<Predictions> made;
    for (MemberPass& pass : passes_) {
      pass.feeder.feed_features(split_, rows);
      made.push_back(pass.rows.predict(std::ssize(rows), [&](std::int64_t r) {
        return row_name(split_, rows[static_cast<std::size_t>(r)], data_);
      }));
    }
    return mean_of(layout_, made, spread);
  }
  Feeder& first() { return passes_.front().feeder; }
  void say_strange(Communicator& comm, Said& said) const {
    for (const MemberPass& pass : passes_) pass.say_strange(comm, said);
  }

 private:
  const PredictionLayout& layout_;
  const Split& split_;
  std::string data_;
  std::deque<MemberPass> passes_;  // which are not moved
};

}  // namespace

struct DatasetEnsemble::State {
  Communicator& comm;
  std::vector<std::string> checkpoints;
  Members members;
  PredictionLayout layout;
  DataDescription description;

  State(std::vector<std::string> names, Members all, Communicator& communicator)
      : comm(communicator),
        checkpoints(std::move(names)),
        members(std::move(all)),
        layout(layout_of(views_of_members(members))),
        description(description_for_all(members)) {}

  double patience() const {
    double longest = 0.0;
    for (const auto& member : members) {
      if (member->stall_timeout == 0.0) return 0.0;  // one waits for ever
      longest = std::max(longest, member->stall_timeout);
    }
    return longest;
  }
  Evaluation judge_mean(const Dataset& data, const Split& split);
};

DatasetEnsemble::DatasetEnsemble(const std::vector<std::string>& checkpoints, Communicator& comm, WhichWeights which) {
  const Watchdog watchdog(comm, ParallelConfig().stall_timeout);
  const Doing doing(Activity::starting);
  check_kernels(comm);
  Members members;
  for (const std::string& checkpoint : checkpoints) members.push_back(load_member(checkpoint, comm, which));
  run_together(comm, [&] {
    require_same_answers(views_of_members(members));
    require_same_loss(members);
    state_ = std::make_unique<State>(checkpoints, std::move(members), comm);
  });
}

DatasetEnsemble::DatasetEnsemble(DatasetEnsemble&&) noexcept = default;
DatasetEnsemble::~DatasetEnsemble() = default;

const DataDescription& DatasetEnsemble::trained_on() const { return state_->description; }
const PredictionLayout& DatasetEnsemble::layout() const { return state_->layout; }
const std::vector<std::string>& DatasetEnsemble::checkpoints() const { return state_->checkpoints; }

std::string DatasetEnsemble::weights() const {
  const std::string& first = state_->members.front()->trained.weights;
  const bool one = std::ranges::all_of(state_->members, [&](const auto& m) { return m->trained.weights == first; });
  return one ? first : "";
}

Evaluation DatasetEnsemble::State::judge_mean(const Dataset& data, const Split& split) {
  const TrainedModel& first = members.front()->trained;
  std::optional<Passes> passes;
  run_together(comm, [&] { passes.emplace(members, layout, data, split); });
  SplitJudge judge(first.model, first.data, first.targets, layout);
  const LossOfMean loss(first.model.loss_kind(), layout, first.targets);
  const LeafCut cut{split.rows(), ensemble_leaf};
  const LeafShare share(cut, cut.leaves(), comm.size(), comm.rank());
  constexpr std::size_t width = 3;  // sums of loss, right and weight
  LeafReader reader(share, Passes::capacity_of(split, members.size()),
                    [&](LeafRange range, std::span<const std::int64_t> rows) {
                      const EnsemblePredictions made = passes->predict(rows, false);
                      Feeder& feeder = passes->first();
                      feeder.feed(split, rows);  // for the targets
                      const std::span<const double> weights = feeder.weights(split, rows);
                      judge.take(split, rows, made.mean, weights);
                      const auto targets = feeder.executor().input(feeder.model().targets());
                      std::vector<double> sums(width * static_cast<std::size_t>(range.size()));
                      for (std::size_t r = 0; r < rows.size(); ++r) {
                        const JudgedMean one = loss.of(made, r, targets);
                        const double weight = weights.empty() ? 1.0 : weights[r];
                        double* leaf = &sums[width * static_cast<std::size_t>((rows[r] - rows[0]) / cut.leaf_samples)];
                        leaf[0] += weight * one.loss;
                        leaf[1] += weight * one.right;
                        leaf[2] += weight;
                      }
                      return sums;
                    });
  SHOAL_FAULT_POINT("predict");
  const AddMerge add;
  std::vector<double> partials;
  run_together(comm, [&] {
    partials =
        fold_leaves(share, width, add, [&](std::int64_t leaf, std::span<double> out) { reader.leaf(leaf, out); });
  });
  std::vector<double> sums(width);
  comm.tree_reduce(share, partials, add, sums);
  Evaluation mean = evaluation_of(first.model, split.rows(), sums[0], sums[1], sums[2]);
  judge.finish(mean, comm);
  return mean;
}

EnsembleEvaluation DatasetEnsemble::evaluate(const Dataset& data, const std::string& name) {
  State& s = *state_;
  const Watchdog watchdog(s.comm, s.patience());
  const Doing doing(Activity::evaluating);
  require_same_data(data, s.comm, name);
  std::optional<Split> split;
  run_together(s.comm, [&] { split = data.split(name); });
  EnsembleEvaluation judged;
  Said said;
  for (const auto& member : s.members) judged.members.push_back(judge_member(*member, data, *split, said));
  judged.mean = s.judge_mean(data, *split);
  for (const auto& member : s.members)
    if (const std::string note = note_on_trained_split(*member, data, name); !note.empty())
      judged.mean.notes.push_back(note);
  const TrainedModel& first = s.members.front()->trained;
  const bool one_scale = std::ranges::all_of(s.members, [&](const auto& m) {
    return m->trained.targets.mean == first.targets.mean && m->trained.targets.deviation == first.targets.deviation;
  });
  if (!one_scale)
    judged.mean.notes.push_back("members normalise targets differently: the loss is in the units of " + first.path);
  const LossNumbers& numbers = first.model.loss_kind().numbers;
  const bool changed = std::ranges::any_of(s.members, [](const auto& m) {
    const LossNumbers& n = m->trained.model.loss_kind().numbers;
    return n.label_smoothing > 0.0 || !n.pos_weight.empty();
  });
  const bool one_delta = std::ranges::all_of(
      s.members, [&](const auto& m) { return m->trained.model.loss_kind().numbers.delta == numbers.delta; });
  if (!one_delta)
    judged.mean.notes.push_back("members have other deltas of their loss: that of the ensemble is of " + first.path);
  if (s.layout.probabilities && changed)
    judged.mean.notes.emplace_back("the loss of the ensemble is without label smoothing and pos_weight");
  return judged;
}

std::int64_t DatasetEnsemble::predict(const Dataset& data, const std::string& name, const std::string& out,
                                      bool spread) {
  State& s = *state_;
  const Watchdog watchdog(s.comm, s.patience());
  const Doing doing(Activity::evaluating);
  require_same_data(data, s.comm, name);
  std::optional<Split> split;
  std::optional<Passes> passes;
  std::optional<PredictionRounds> rounds;
  Said said;
  run_together(s.comm, [&] {
    split = data.split(name);
    rounds.emplace(*split, s.layout, spread ? spread_parts(s.layout) : std::vector<SpreadPart>(), out, s.comm);
    for (const auto& member : s.members) {  // after the output is there, since rows are read
      const ColumnMatch match = match_member(*member, data, *split, said);
      if (s.comm.rank() == 0) check_scale(*split, data.path(), match, member->trained);
    }
    passes.emplace(s.members, s.layout, data, *split);
  });
  rounds->run(Passes::capacity_of(*split, s.members.size()), [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(end - begin));
    std::iota(rows.begin(), rows.end(), begin);
    return passes->predict(rows, spread);
  });
  passes->say_strange(s.comm, said);
  rounds->finish();
  return split->rows();
}

}  // namespace shoal
