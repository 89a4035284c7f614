#include "shoal/train/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <limits>
#include <span>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/profile.hpp"
#include "shoal/graph/graph_cost.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/optim/schedule.hpp"
#include "shoal/tensor/parallel.hpp"
#include "train/data/batch_reader.hpp"
#include "train/drift.hpp"
#include "train/feeder.hpp"
#include "train/replica.hpp"
#include "train/thread_tuner.hpp"

namespace shoal {
namespace {

std::int64_t leaves_for(const Config& config, int ranks) {
  const std::int64_t batch = config.data.batch_size;
  const std::int64_t leaves = leaves_of(config);
  if (leaves > batch)
    throw Error(ExitStatus::usage,
                fmt::format("parallel.leaves = {} is above the batch size {}; use {} or fewer", leaves, batch, batch));
  if (leaves >= ranks) return leaves;
  std::int64_t remedy = batch;
  while (default_leaves(remedy) < ranks) remedy = 64 * ((remedy + 64) / 64);
  if (batch < ranks)
    throw Error(ExitStatus::usage,
                fmt::format("batch size {} is below {} ranks; use data.batch_size = {} or more, or {}", batch, ranks,
                            remedy, counted(batch, "rank")));
  if (config.parallel.leaves > 0)
    throw Error(ExitStatus::usage,
                fmt::format("parallel.leaves = {} is below {} ranks; use parallel.leaves = {} or more, or {}", leaves,
                            ranks, ranks, counted(leaves, "rank")));
  throw Error(
      ExitStatus::usage,
      fmt::format("batch size {} makes {} for {} ranks; use data.batch_size = {} or more, or parallel.leaves = {}",
                  batch, counted(leaves, "leaf", "leaves"), ranks, remedy, ranks));
}

bool every_rank_has_leaf(const LeafShare& share) {
  for (int rank = 0; rank < share.ranks(); ++rank) {
    if (share.range(rank).size() == 0) return false;
  }
  return true;
}

/// How the batches of a run are cut, on this rank.
BatchCut cut_of(const Config& config, std::int64_t rows, const Communicator& comm) {
  const std::int64_t leaves = leaves_for(config, comm.size());
  return {rows,       config.data.batch_size, leaves, samples_per_leaf(config.data.batch_size, leaves), comm.size(),
          comm.rank()};
}

}  // namespace

std::int64_t samples_at_a_time(const BatchCut& cut, const TrainingData& data) {
  const std::int64_t rows = std::max(data.train.rows(), data.validation ? data.validation->rows() : 0);
  return std::max(std::min(cut.leaf_samples, rows), cut.share(cut.largest_batch()).samples());
}

Training::Training(const Config& config, const Model& model, const TrainingData& data, Communicator& comm)
    : config_(config),
      model_(model),
      data_(data),
      comm_(comm),
      cut_(cut_of(config, data.train.rows(), comm)),
      capacity_(samples_at_a_time(cut_, data)),
      tuner_(std::make_unique<ThreadTuner>(threads(), work_of_step(multiply_adds(model.graph()), capacity_))) {
  check_class_weights(config, data);
}

Training::~Training() = default;

const Encoding& Training::encoding() const { return feeder_->encoder()->encoding(); }
const Normalization& Training::target_scaling() const { return feeder_->target_scaling(); }

void Training::set_encoding(Encoding encoding) {
  ColumnMatch match = match_columns(encoding, data_.description.columns, data_.train, "the model", config_.data.file);
  feeder_->set_encoder(
      std::make_shared<const RowEncoder>(std::move(encoding), std::move(match), data_.train.features()));
}

void Training::allocate() {
  const std::size_t nodes = cut_.share(cut_.largest_batch()).nodes().size();
  replica_ = std::make_unique<Replica>(model_, config_.optimizer.name, comm_, capacity_, nodes);
  feeder_ = std::make_unique<Feeder>(model_, replica_->executor());
}

std::int64_t Training::total_steps(const Config& config) const {
  return config.train.steps > 0 ? config.train.steps : config.train.epochs * steps_per_epoch();
}

bool Training::finished(const Config& config) const {
  const std::int64_t patience = config.train.early_stopping.patience;
  return progress_.step >= total_steps(config) || (patience > 0 && progress_.stale_evaluations >= patience);
}

void Training::start() {
  const Doing doing(Activity::starting);
  SHOAL_FAULT_POINT("start");
  assert(replica_ != nullptr);
  reader_.reset();
  check_data();
  learn_encoding();
  learn_target_scaling();
  learn_class_weights();
  replica_->fill_parameters([&](std::span<float> flat) { model_.graph().initialize(config_.seed, flat); });
  model_.graph().initialize_states(replica_->states());
  comm_.barrier();
}

void Training::reconfigure(const Config& config) {
  const bool same_layers = config.model.dropout == config_.model.dropout;
  config_ = config;
  if (same_layers) return;
  // Dropout is part of the graph, but no parameter depends on it: names, places and slices are the same in both.
  const std::vector<float> parameters(replica_->parameters().begin(), replica_->parameters().end());
  const std::vector<double> states(replica_->states().begin(), replica_->states().end());
  std::vector<std::vector<float>> moments;
  for (std::size_t m = 0; m < replica_->moment_names().size(); ++m)
    moments.emplace_back(replica_->owned_moment(m).begin(), replica_->owned_moment(m).end());
  const bool averaged = replica_->keeps_average();
  std::vector<float> average;
  if (averaged) average.assign(replica_->owned_average().begin(), replica_->owned_average().end());
  const std::vector<double> average_states(replica_->average_states().begin(), replica_->average_states().end());
  const std::shared_ptr<const RowEncoder> encoder = feeder_->encoder();
  const Normalization scaling = feeder_->target_scaling();
  feeder_.reset();
  replica_.reset();
  model_ = make_model(config_, data_);
  allocate();
  feeder_->set_encoder(encoder);
  feeder_->set_target_scaling(scaling);
  replica_->fill_parameters(
      [&](std::span<float> flat) { std::copy(parameters.begin(), parameters.end(), flat.begin()); });
  std::copy(states.begin(), states.end(), replica_->states().begin());
  for (std::size_t m = 0; m < moments.size(); ++m)
    std::copy(moments[m].begin(), moments[m].end(), replica_->owned_moment(m).begin());
  if (averaged) replica_->set_owned_average(average, average_states);
  comm_.barrier();
}

void Training::take_back_averages() {
  if (averages_.empty()) return;
  std::copy(averages_.begin(), averages_.end(), replica_->judged_states().begin());
  averages_.clear();
}

/// Not before the start is known, and anew where a nudge asks for it: with the weights that are there then.
void Training::begin_average() {
  if (config_.train.average_decay == 0.0 || replica_->keeps_average()) return;
  take_back_averages();
  replica_->keep_average(true);
}

ReadBatch& Training::next_batch() {
  const std::int64_t step = progress_.step + 1;
  if (reader_ == nullptr || reader_->step() != step) {
    BatchReader::Source source{data_.train, feeder_->encoder(),     config_.seed, config_.data.shuffle_block,
                               cut_,        model_.input().shape(), capacity_,    model_.target_columns()};
    source.unseen_rate = config_.data.unseen_rate;
    source.augment = config_.data.augment;
    source.target_scaling = target_scaling();
    source.class_weights = class_weights_;
    reader_.reset();
    reader_ = std::make_unique<BatchReader>(std::move(source), step);
  }
  const Doing doing(Activity::reading);
  SHOAL_FAULT_POINT("read");
  const Span wait(SpanKind::wait, "next batch");
  return reader_->next();
}

StepReport Training::advance(const std::vector<double>& requests) {
  note_step(progress_.step + 1);
  const Span step(SpanKind::step, "step");
  ReadBatch& read = next_batch();
  begin_average();
  take_back_averages();
  if (config_.train.average_decay == 0.0) replica_->keep_average(false);
  StepReport report;
  const ThreadLimit limit(tuner_->threads());
  const auto begun = std::chrono::steady_clock::now();
  with_team([&] { report = train_on(read, requests); });
  tuner_->note(std::chrono::steady_clock::now() - begun);
  return report;
}

std::vector<double> Training::pass_over(ReadBatch& read) {
  const LeafShare& share = *read.share;
  feeder_->feed(read);
  SHOAL_FAULT_POINT("sample", std::span(replica_->executor().input(model_.input()).data, 1));
  const Batch batch{&share,          share.range(), true, config_.seed, static_cast<std::uint64_t>(read.step),
                    read.sample_ids, read.weights};
  SHOAL_FAULT_POINT("forward");
  replica_->executor().forward(batch, model_.loss());
  SHOAL_FAULT_POINT("statistics", replica_->states());
  std::vector<double> per_leaf =
      leaf_sums(replica_->executor(), model_, tells_each_output(model_, data_.description.classes), share.cut(),
                share.range(), read.weights);
  SHOAL_FAULT_POINT("backward");
  replica_->backward(share);
  return per_leaf;
}

Training::BatchSums Training::sum_over_ranks(const LeafShare& share, std::span<const double> per_leaf,
                                             const std::vector<double>& requests) {
  const std::size_t judged = weighted() ? 3 : 2;
  const bool checked = config_.parallel.check_every > 0 && (progress_.step + 1) % config_.parallel.check_every == 0;
  const std::vector<double> hashes = checked ? hash_slots(replica_->held(), comm_) : std::vector<double>();
  std::vector<double> asked = requests;
  asked.insert(asked.end(), hashes.begin(), hashes.end());
  const std::size_t width = judged + asked.size();
  const AddMerge add;
  std::vector<double> partials = fold_leaves(share, width, add, [&](std::int64_t leaf, std::span<double> out) {
    const auto row = static_cast<std::size_t>(leaf - share.range().first) * judged;
    std::copy_n(per_leaf.begin() + static_cast<std::ptrdiff_t>(row), judged, out.begin());
  });
  if (!partials.empty()) std::copy(asked.begin(), asked.end(), partials.begin() + static_cast<std::ptrdiff_t>(judged));
  std::vector<double> sums(width);
  SHOAL_FAULT_POINT("reduce");
  SHOAL_FAULT_POINT("collective", comm_);
  comm_.tree_reduce(share, partials, add, sums);
  // A rank without a leaf has nothing to send with the loss: then all ask by a message of its own, a leaf from each.
  if (!asked.empty() && !every_rank_has_leaf(share)) {
    const LeafShare ranks(LeafCut{comm_.size(), 1}, comm_.size(), comm_.size(), comm_.rank());
    comm_.tree_reduce(ranks, asked, add, std::span(sums).subspan(judged));
  }
  const auto asked_begin = sums.begin() + static_cast<std::ptrdiff_t>(judged);
  const auto hashes_begin = asked_begin + static_cast<std::ptrdiff_t>(requests.size());
  return {sums[0], sums[1], weighted() ? sums[2] : static_cast<double>(share.cut().samples),
          std::vector<double>(asked_begin, hashes_begin), slots_differ({hashes_begin, sums.end()})};
}

StepReport Training::train_on(ReadBatch& read, const std::vector<double>& requests) {
  const std::vector<double> states_before =
      weighted() ? std::vector<double>(replica_->states().begin(), replica_->states().end()) : std::vector<double>();
  const std::vector<double> per_leaf = pass_over(read);
  const BatchSums sums = sum_over_ranks(*read.share, per_leaf, requests);
  // What ends here on all ranks together leaves no message of the gradient under way.
  if (sums.drifted || !sums.counts() || !std::isfinite(sums.loss)) replica_->drop_gradient();

  StepReport report;
  report.step = read.step;
  report.epoch = cut_.epoch(read.step);
  report.samples = read.share->cut().samples;
  report.loss = sums.counts() ? sums.loss / sums.weight : std::numeric_limits<double>::quiet_NaN();
  report.requests = sums.requests;
  report.ends_epoch = report.step % steps_per_epoch() == 0;
  report.learning_rate =
      learning_rate(config_.optimizer, config_.schedule, report.step, steps_per_epoch(), total_steps());
  if (sums.counts())
    require_finite(fmt::format("the loss of step {}", report.step), report.loss, report.learning_rate, report.step > 1);
  if (sums.drifted) report_drift(replica_->held(), comm_, progress_.step);

  if (sums.counts()) {
    update(sums, report);
  } else {
    std::copy(states_before.begin(), states_before.end(), replica_->states().begin());
  }
  advance_progress(report);
  return report;
}

void Training::update(const BatchSums& sums, const StepReport& report) {
  UpdateScalars scalars;
  scalars.settings = config_.optimizer;
  scalars.learning_rate = report.learning_rate;
  scalars.step = report.step;
  scalars.batch = static_cast<float>(sums.weight);
  SHOAL_FAULT_POINT("update");
  replica_->update(scalars, config_.train.average_decay);
  progress_.epoch_loss += sums.loss;
  progress_.epoch_right += sums.right;
  progress_.epoch_weight += sums.weight;
}

void Training::advance_progress(const StepReport& report) {
  progress_.step = report.step;
  progress_.position = cut_.first(report.step) + report.samples;
  progress_.epoch = report.epoch;
  if (!report.ends_epoch) return;
  ended_epoch_ = progress_;
  progress_.epoch = report.epoch + 1;
  progress_.position = 0;
  progress_.epoch_loss = progress_.epoch_right = progress_.epoch_weight = 0.0;
}

}  // namespace shoal
