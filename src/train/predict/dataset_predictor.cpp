#include "shoal/train/dataset_predictor.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "shoal/comm/run_together.hpp"
#include "shoal/config/config.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/train/same_data.hpp"
#include "train/data/scale_check.hpp"
#include "train/predict/explain.hpp"
#include "train/predict/member.hpp"
#include "train/predict/prediction_rounds.hpp"

namespace shoal {

struct DatasetPredictor::State {
  std::unique_ptr<Member> member;
};

DatasetPredictor::DatasetPredictor(const std::string& checkpoint, Communicator& comm, WhichWeights which) {
  const Watchdog watchdog(comm, ParallelConfig().stall_timeout);
  const Doing doing(Activity::starting);
  check_kernels(comm);
  state_ = std::make_unique<State>(State{load_member(checkpoint, comm, which)});
}

DatasetPredictor::DatasetPredictor(DatasetPredictor&&) noexcept = default;
DatasetPredictor::~DatasetPredictor() = default;

std::int64_t DatasetPredictor::step() const { return state_->member->trained.step; }
const std::string& DatasetPredictor::digest() const { return state_->member->digest; }
const DataDescription& DatasetPredictor::trained_on() const { return state_->member->trained.data; }
const PredictionLayout& DatasetPredictor::layout() const { return state_->member->layout; }
const std::string& DatasetPredictor::weights() const { return state_->member->trained.weights; }

Evaluation DatasetPredictor::evaluate(const Dataset& data, const std::string& name) {
  Communicator& comm = state_->member->comm;
  require_same_data(data, comm, name);
  std::optional<Split> split;
  run_together(comm, [&] { split = data.split(name); });
  Evaluation evaluation = evaluate(data, *split);
  if (const std::string note = note_on_trained_split(*state_->member, data, name); !note.empty())
    evaluation.notes.push_back(note);
  return evaluation;
}

Evaluation DatasetPredictor::evaluate(const Dataset& data, const Split& split) {
  Said said;
  return judge_member(*state_->member, data, split, said);
}

Explanation DatasetPredictor::explain(const Dataset& data, const std::string& name, const ExplainOptions& options) {
  Communicator& comm = state_->member->comm;
  require_same_data(data, comm, name);
  std::optional<Split> split;
  run_together(comm, [&] { split = data.split(name); });
  return explain_member(*state_->member, data, *split, options);
}

std::int64_t DatasetPredictor::predict(const Dataset& data, const std::string& name, const std::string& out) {
  Member& member = *state_->member;
  Communicator& comm = member.comm;
  const Watchdog watchdog(comm, member.stall_timeout);
  const Doing doing(Activity::evaluating);
  require_same_data(data, comm, name);
  std::optional<Split> split;
  std::optional<MemberPass> pass;
  std::optional<PredictionRounds> rounds;
  Said said;
  run_together(comm, [&] {
    split = data.split(name);
    ColumnMatch match = match_member(member, data, *split, said);
    rounds.emplace(*split, member.layout, std::vector<SpreadPart>(), out, comm);  // before rows are read
    if (comm.rank() == 0) check_scale(*split, data.path(), match, member.trained);
    pass.emplace(member, std::move(match), std::clamp<std::int64_t>(split->rows(), 1, prediction_block));
  });
  rounds->run(pass->rows.capacity(), [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(end - begin));
    std::iota(rows.begin(), rows.end(), begin);
    pass->feeder.feed_features(*split, rows);
    EnsemblePredictions made;
    made.mean =
        pass->rows.predict(end - begin, [&](std::int64_t r) { return row_name(*split, begin + r, data.path()); });
    return made;
  });
  pass->say_strange(comm, said);
  rounds->finish();
  return split->rows();
}

}  // namespace shoal
