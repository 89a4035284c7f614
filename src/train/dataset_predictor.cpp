#include "shoal/train/dataset_predictor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/infer/prediction_pass.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/checkpoint.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/data_check.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/train/loaded_checkpoint.hpp"
#include "shoal/train/same_data.hpp"
#include "shoal/train/training.hpp"
#include "train/data/scale_check.hpp"
#include "train/data/sum_counts.hpp"
#include "train/feeder.hpp"
#include "train/prediction_writer.hpp"

namespace shoal {
namespace {

template <class T>
std::vector<T> numbers(const std::vector<std::byte>& bytes) {
  const auto* first = reinterpret_cast<const T*>(bytes.data());
  return {first, first + bytes.size() / sizeof(T)};
}

/// Collective. A line for each column that had values which training did not see, or gaps where that had none, and one
/// for numbers far from those of training.
void say_strange(const Feeder& feeder, Communicator& comm) {
  std::vector<double> counts(feeder.unseen().begin(), feeder.unseen().end());
  sum_counts(counts, comm);
  for (std::size_t d = 0; d < counts.size(); ++d) {
    if (!(counts[d] > 0.0)) continue;
    const FeatureColumn& column = feeder.encoder()->encoding().columns[d].column;
    const auto count = static_cast<std::int64_t>(counts[d]);
    log_info(column.has_categories()
                 ? fmt::format("column \"{}\": {} that training did not see", column.name, counted(count, "value"))
                 : fmt::format("column \"{}\": {} where training had none, taken for the median", column.name,
                               counted(count, "missing number")));
  }
  std::vector<double> far = feeder.far().counts();
  sum_counts(far, comm);
  if (const std::string line = feeder.far().told(far); !line.empty()) log_warning(line);
}

}  // namespace

struct DatasetPredictor::State {
  Communicator& comm;
  TrainedModel trained;
  PredictionLayout layout;
  std::int64_t leaf_samples;
  double stall_timeout;

  State(const Archive& archive, WhichWeights which, Communicator& communicator)
      : comm(communicator),
        trained(archive, read_model(archive), which),
        layout(trained),
        leaf_samples(1),
        stall_timeout(0.0) {
    static_cast<void>(read_progress(archive));  // judges it
    const Config config = read_config(archive);
    leaf_samples = samples_per_leaf(config.data.batch_size, leaves_of(config));
    stall_timeout = config.parallel.stall_timeout;
  }
};

/// What a pass over a split works with. The config of a checkpoint can ask for leaves of any size: memory is taken for
/// the rows that there are.
struct DatasetPredictor::Pass {
  PredictionPass rows;
  Feeder feeder;

  Pass(State& s, ColumnMatch match, std::int64_t capacity)
      : rows(s.trained, capacity, s.comm, s.comm.ranks_on_host()), feeder(s.trained.model, rows.executor()) {
    feeder.set_encoder(std::make_shared<const RowEncoder>(s.trained.encoding, std::move(match), s.trained.features()));
    feeder.set_target_scaling(s.trained.targets);
    feeder.count_strange(s.trained.data.columns);
  }
};

DatasetPredictor::DatasetPredictor(const std::string& checkpoint, Communicator& comm, WhichWeights which) {
  const Watchdog watchdog(comm, ParallelConfig().stall_timeout);
  const Doing doing(Activity::starting);
  check_kernels(comm);
  const Archive archive = load_together(checkpoint, comm);
  run_together(comm, [&] { state_ = std::make_unique<State>(archive, which, comm); });
}

DatasetPredictor::DatasetPredictor(DatasetPredictor&&) noexcept = default;
DatasetPredictor::~DatasetPredictor() = default;

std::int64_t DatasetPredictor::step() const { return state_->trained.step; }
const DataDescription& DatasetPredictor::trained_on() const { return state_->trained.data; }
const PredictionLayout& DatasetPredictor::layout() const { return state_->layout; }
const std::string& DatasetPredictor::weights() const { return state_->trained.weights; }

Evaluation DatasetPredictor::evaluate(const Dataset& data, const std::string& name) {
  require_same_data(data, state_->comm, name);
  std::optional<Split> split;
  run_together(state_->comm, [&] { split = data.split(name); });
  return evaluate(data, *split);
}

Evaluation DatasetPredictor::evaluate(const Dataset& data, const Split& split) {
  State& s = *state_;
  const std::string& name = split.name();
  const Watchdog watchdog(s.comm, s.stall_timeout);
  const Doing doing(Activity::evaluating);
  std::optional<Pass> pass;
  run_together(s.comm, [&] {
    ColumnMatch match = match_features(data, split, s.trained.encoding, s.trained.data, s.trained.path);
    check_targets(data, split, s.trained.data, s.trained.model, s.trained.path);
    if (s.comm.rank() == 0) check_scale(split, data.path(), match, s.trained);
    check_judge_memory(data.path(), split.rows(), s.trained.model.outputs(), HostLoad::of(s.comm));
    pass.emplace(s, std::move(match), std::min(split.rows(), std::max(prediction_block, s.leaf_samples)));
  });
  SHOAL_FAULT_POINT("predict");
  SplitJudge judge(s.trained.model, s.trained.data, s.trained.targets);
  Evaluation result = evaluate_split(pass->feeder, split, s.leaf_samples, pass->rows.capacity(), s.comm, &judge);
  say_strange(pass->feeder, s.comm);
  run_together(s.comm, [&] {
    if (!std::isfinite(result.loss))
      refuse_not_finite(
          fmt::format("the loss of {} on split \"{}\" of {} is not finite", s.trained.path, name, data.path()));
  });
  return result;
}

std::int64_t DatasetPredictor::predict(const Dataset& data, const std::string& name, const std::string& out) {
  State& s = *state_;
  const Watchdog watchdog(s.comm, s.stall_timeout);
  const Doing doing(Activity::evaluating);
  require_same_data(data, s.comm, name);
  std::optional<Split> split;
  std::optional<Pass> pass;
  std::optional<RowIds> ids;
  std::unique_ptr<PredictionWriter> writer;
  run_together(s.comm, [&] {
    split = data.split(name);
    ColumnMatch match = match_features(data, *split, s.trained.encoding, s.trained.data, s.trained.path);
    if (s.comm.rank() == 0) check_scale(*split, data.path(), match, s.trained);
    pass.emplace(s, std::move(match), std::clamp<std::int64_t>(split->rows(), 1, prediction_block));
    if (s.comm.rank() != 0) return;
    ids.emplace(*split);
    writer = make_prediction_writer(out, split->rows(), s.layout, *ids);
  });
  // Round by round: every rank predicts a run of rows, rank 0 writes them in order.
  const std::int64_t block = pass->rows.capacity();
  const bool precise = s.layout.precise;
  for (std::int64_t first = 0; first < split->rows(); first += block * s.comm.size()) {
    const std::int64_t begin = std::min(split->rows(), first + block * s.comm.rank());
    const std::int64_t end = std::min(split->rows(), begin + block);
    Predictions mine;
    SHOAL_FAULT_POINT("predict");
    run_together(s.comm, [&] {
      if (begin == end) return;
      std::vector<std::int64_t> rows(static_cast<std::size_t>(end - begin));
      std::iota(rows.begin(), rows.end(), begin);
      pass->feeder.feed_features(*split, rows);
      mine = pass->rows.predict(end - begin, [&](std::int64_t r) {
        return fmt::format("row {} of split \"{}\" of {}", begin + r, name, data.path());
      });
    });
    const auto rows =
        s.comm.gather_bytes(precise ? std::as_bytes(std::span(mine.precise)) : std::as_bytes(std::span(mine.values)));
    const auto labels = s.comm.gather_bytes(std::as_bytes(std::span(mine.labels)));
    run_together(s.comm, [&] {
      std::int64_t at = first;
      for (std::size_t rank = 0; rank < rows.size(); ++rank) {
        if (rows[rank].empty()) continue;
        const std::int64_t behind = std::min(split->rows(), at + block);
        Predictions made;
        if (precise)
          made.precise = numbers<double>(rows[rank]);
        else
          made.values = numbers<float>(rows[rank]);
        made.labels = numbers<std::int32_t>(labels[rank]);
        writer->write(made, ids->read(at, behind));
        at = behind;
      }
    });
  }
  say_strange(pass->feeder, s.comm);
  run_together(s.comm, [&] {
    if (writer) writer->finish();
  });
  return split->rows();
}

}  // namespace shoal
