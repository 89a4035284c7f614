#include "shoal/train/predictor.hpp"
#include "shoal/train/kernel_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/elementary.hpp"
#include "shoal/core/error.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/memory_limit.hpp"
#include "shoal/nn/operations.hpp"
#include "shoal/train/checkpoint.hpp"
#include "shoal/train/data_check.hpp"
#include "shoal/train/same_data.hpp"
#include "shoal/train/training.hpp"
#include "train/feeder.hpp"
#include "train/prediction_writer.hpp"

namespace shoal {
namespace {

constexpr std::int64_t rows_at_a_time = 1024;

/// The parameters of a run that diverged, or features that it has never seen the like of.
[[noreturn]] void refuse_not_finite(const std::string& what) {
  throw Error(ExitStatus::diverged, what + "; use an earlier checkpoint, and look at the data");
}

/// Logits of one sample to what is reported: probabilities, or the outputs themselves.
void to_probabilities(Loss loss, std::span<double> z) {
  if (loss == Loss::sigmoid) {
    for (double& v : z) v = elementary::sigmoid(v);
  } else if (loss == Loss::softmax) {
    const double largest = *std::max_element(z.begin(), z.end());
    double sum = 0.0;
    for (double& v : z) {
      v = elementary::exp(v - largest);
      sum += v;
    }
    for (double& v : z) v /= sum;
  }
}

template <class T>
std::span<const T> numbers(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

/// Rows at a time. @throws Error(bad_data)  when they would take more than half of the memory that there is
std::int64_t affordable(std::int64_t capacity, const Model& model, const std::string& path, const Communicator& comm) {
  double columns = 0.0;
  for (const Node& node : model.graph().nodes()) {
    if (node.shape.per_sample)
      columns += (node.needs_gradient ? 2.0 : 1.0) * static_cast<double>(padded_size(1, node.shape.columns));
  }
  const double bytes = columns * static_cast<double>(capacity) * sizeof(float);
  const double most =
      std::min(static_cast<double>(host_memory()) / comm.ranks_on_host(), static_cast<double>(process_memory()));
  if (bytes > most / 2.0)
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: {} samples at a time take about {:.3g} GB, more than half of the memory that "
                            "this process may use",
                            path, capacity, bytes * 1e-9));
  return capacity;
}

}  // namespace

struct Predictor::State {
  Communicator& comm;
  std::string path;
  Model model;
  DataDescription data;
  std::int64_t step;
  std::int64_t leaf_samples;
  double stall_timeout;
  Normalization normalization;
  Buffer<float> parameters;
  std::vector<double> states;

  State(const Archive& archive, const Model& made, Communicator& communicator)
      : comm(communicator),
        path(archive.name),
        model(made),
        data(read_description(archive)),
        step(read_progress(archive).step),
        leaf_samples(1),
        stall_timeout(0.0),
        normalization(read_normalization(archive)),
        parameters(model.graph().parameter_size()),
        states(static_cast<std::size_t>(model.graph().state_size())) {
    const Config config = read_config(archive);
    leaf_samples = samples_per_leaf(config.data.batch_size, leaves_of(config));
    stall_timeout = config.parallel.stall_timeout;
    read_parameters(archive, "parameters", model.graph(), parameters.span());
    read_states(archive, statistics_group, model.graph(), states);
  }
};

/// What a pass over a split works with. The config of a checkpoint can ask for leaves of any size: memory is taken for
/// the rows that there are.
struct Predictor::Pass {
  std::int64_t capacity;
  Executor<float> executor;
  Feeder feeder;

  Pass(State& s, std::int64_t rows_at_a_time)
      : capacity(affordable(rows_at_a_time, s.model, s.path, s.comm)),
        executor(s.model.graph(), capacity, s.comm),
        feeder(s.model, executor) {
    executor.bind(s.parameters.data(), s.states);
    feeder.set_normalization(s.normalization);
  }
};

Predictor::Predictor(const std::string& checkpoint, Communicator& comm) {
  const Watchdog watchdog(comm, ParallelConfig().stall_timeout);
  const Doing doing(Activity::starting);
  check_kernels(comm);
  std::vector<std::byte> bytes;
  run_together(comm, [&] {
    if (comm.rank() == 0) bytes = read_checkpoint(checkpoint);
  });
  comm.broadcast_bytes(bytes);
  run_together(comm, [&] {
    const Archive archive = parse_checkpoint(bytes, checkpoint);
    state_ = std::make_unique<State>(archive, read_model(archive), comm);
  });
}

Predictor::~Predictor() = default;

std::int64_t Predictor::step() const { return state_->step; }

Evaluation Predictor::evaluate(const Dataset& data, const std::string& name) {
  State& s = *state_;
  const Watchdog watchdog(s.comm, s.stall_timeout);
  const Doing doing(Activity::evaluating);
  require_same_data(data, s.comm, name);
  std::optional<Split> split;
  std::optional<Pass> pass;
  run_together(s.comm, [&] {
    split = data.split(name);
    check_features(data, s.data, s.path);
    check_targets(data, *split, s.data, s.model, s.path);
    pass.emplace(s, std::min(split->rows(), std::max(rows_at_a_time, s.leaf_samples)));
  });
  SHOAL_FAULT_POINT("predict");
  const Evaluation result = evaluate_split(pass->feeder, *split, s.leaf_samples, pass->capacity, s.comm);
  run_together(s.comm, [&] {
    if (!std::isfinite(result.loss))
      refuse_not_finite(fmt::format("the loss of {} on split \"{}\" of {} is not finite", s.path, name, data.path()));
  });
  return result;
}

std::int64_t Predictor::predict(const Dataset& data, const std::string& name, const std::string& out) {
  State& s = *state_;
  const Watchdog watchdog(s.comm, s.stall_timeout);
  const Doing doing(Activity::evaluating);
  require_same_data(data, s.comm, name);
  std::optional<Split> split;
  std::optional<Pass> pass;
  std::unique_ptr<PredictionWriter> writer;
  const auto outputs = static_cast<std::size_t>(s.model.outputs());
  // A single output tells two classes apart: the probability of the second.
  const bool binary = s.model.loss_kind() == Loss::sigmoid && s.data.classes == 2 && outputs == 1;
  const std::size_t columns = binary ? 2 : outputs;
  const auto last_class = static_cast<std::int32_t>(s.data.classes - 1);  // of one class alone the logit says nothing
  const PredictionLayout layout{static_cast<std::int64_t>(columns), s.model.loss_kind() != Loss::mse,
                                s.model.loss_kind() != Loss::mse && s.data.classes > 0, s.data.class_names};
  run_together(s.comm, [&] {
    split = data.split(name);
    check_features(data, s.data, s.path);
    pass.emplace(s, std::clamp<std::int64_t>(split->rows(), 1, rows_at_a_time));
    if (s.comm.rank() == 0) writer = make_prediction_writer(out, split->rows(), layout);
  });
  // Round by round: every rank predicts a run of rows, rank 0 writes them in order.
  const std::int64_t round = pass->capacity * s.comm.size();
  for (std::int64_t first = 0; first < split->rows(); first += round) {
    const std::int64_t begin = std::min(split->rows(), first + pass->capacity * s.comm.rank());
    const std::int64_t end = std::min(split->rows(), begin + pass->capacity);
    std::vector<float> mine;
    mine.reserve(static_cast<std::size_t>(end - begin) * columns);
    std::vector<std::int32_t> my_labels;
    SHOAL_FAULT_POINT("predict");
    run_together(s.comm, [&] {
      if (begin == end) return;
      std::vector<std::int64_t> rows(static_cast<std::size_t>(end - begin));
      for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = begin + static_cast<std::int64_t>(r);
      pass->feeder.feed_features(*split, rows);
      const LeafShare share(LeafCut{end - begin, s.leaf_samples});
      pass->executor.forward({&share, share.range(), false, 0, 0, {}}, s.model.logits());
      const Panels<const float> logits = pass->executor.value(s.model.logits());
      std::vector<double> z(outputs);
      for (std::size_t r = 0; r < rows.size(); ++r) {
        for (std::size_t k = 0; k < outputs; ++k)
          z[k] = static_cast<double>(logits.at(static_cast<std::int64_t>(r), static_cast<std::int64_t>(k)));
        if (!std::all_of(z.begin(), z.end(), [](double v) { return std::isfinite(v); }))
          refuse_not_finite(fmt::format("what {} makes of row {} of split \"{}\" of {} is not finite", s.path, rows[r],
                                        name, data.path()));
        // Of the logits, as evaluate judges them; float probabilities of several classes may be equal.
        if (layout.labels) my_labels.push_back(std::min(static_cast<std::int32_t>(class_of(z)), last_class));
        to_probabilities(s.model.loss_kind(), z);
        if (binary) mine.push_back(static_cast<float>(1.0 - z[0]));
        for (const double v : z) mine.push_back(static_cast<float>(v));
      }
    });
    const auto rows = s.comm.gather_bytes(std::as_bytes(std::span(mine)));
    const auto labels = s.comm.gather_bytes(std::as_bytes(std::span(my_labels)));
    run_together(s.comm, [&] {
      for (std::size_t rank = 0; rank < rows.size(); ++rank) {
        if (!rows[rank].empty()) writer->write(numbers<float>(rows[rank]), numbers<std::int32_t>(labels[rank]));
      }
    });
  }
  run_together(s.comm, [&] {
    if (writer) writer->finish();
  });
  return split->rows();
}

}  // namespace shoal
