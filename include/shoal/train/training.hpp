#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/infer/evaluation.hpp"
#include "shoal/train/batch_cut.hpp"
#include "shoal/train/checkpoint.hpp"

namespace shoal {

struct ColumnMatch;
class BatchReader;
class Feeder;
class Replica;
class ThreadTuner;
struct ReadBatch;

/// What is to be said of data before training.
struct DataNote {
  std::string about;  ///< two notes about the same thing are one
  std::string text;
  bool warning = true;
};

/// The data of a run, split and described.
struct TrainingData {
  Split train;
  std::optional<Split> validation;
  std::string validation_name;
  DataDescription description;
  std::vector<ColumnEncoding> columns = {};  ///< of a table: what the rows to train on hold; see learn_columns()
  std::vector<DataNote> notes = {};          ///< likewise, on rank 0

  /// Whether the rows to validate on are of another split of the file than those to train on.
  bool validates_apart() const { return validation && !validation->is_of_split_of(train); }
};
/// The splits that a config trains on, as one. @throws Error(bad_data)  naming the splits that there are
Split rows_to_train_on(const Dataset& dataset, const Config& config);
/// Whether data.validation = "auto" finds a split of its own: one that is not trained on.
bool has_split_to_validate(const Dataset& dataset, const Config& config);
/// The splits that a config asks for. @throws Error  naming the splits that there are, or what is missing
TrainingData select_data(const Dataset& dataset, const Config& config);
/// Collective. Of data from a table, before the model is made: finds out what its columns hold in the rows to train on,
/// and describes the data so. For a run that goes on its checkpoint says so: take_columns(). Of data without a table it
/// notes alone what they cannot teach.
/// @throws SharedError(bad_data)
void learn_columns(TrainingData& data, Communicator& comm);
/// Logs their notes. Of several folds each once, with the numbers of the folds where it is not true of all.
void say_notes(std::span<const TrainingData> folds);
/// @throws Error(bad_data)  when the data are others than those of the checkpoint
void take_columns(TrainingData& data, const Archive& archive);
/// What a model is to be made of rows, but for the numbers of the normalisation, which a training learns.
Encoding encoding_for(const Config& config, const TrainingData& data);
/// Most samples that a rank holds at a time: of its share of a batch, or of a leaf of the splits. No leaf is larger
/// than the split that it is of, whatever the batch size.
std::int64_t samples_at_a_time(const BatchCut& cut, const TrainingData& data);
/// The loss of model.loss; "auto" is softmax for labels, mse for floats. @throws Error(usage)
Loss loss_for(const Config& config, const Split& train);
/// Whether data.normalize_targets asks for it. @throws Error(usage)  where targets are no numbers
bool normalizes_targets(const Config& config, const Split& train);
/// A metric that these data can never have. key: that names it, for the message. @throws Error(usage)
void check_metric(Metric metric, const std::string& key, const Config& config, const TrainingData& data);
/// A metric that cannot be told of the rows to validate on: they are all of one class, or of one target. Reads y, as
/// far as that is not known. rows: what they are called in the message. @throws Error(bad_data)
void check_told(Metric metric, const std::string& key, const Config& config, const TrainingData& data,
                const std::string& rows);
/// train.class_weights against the classes. @throws Error(usage)  there are none, it names others, or all have 0
void check_class_weights(const Config& config, const TrainingData& data);
/// What an evaluation says of a metric; nothing where it has none. train.loss: its loss.
std::optional<double> value_of(Metric metric, const Evaluation& evaluation);
/// The model that a config and data ask for. @throws Error  when loss and y do not fit
Model make_model(const Config& config, const TrainingData& data);

/// What one update did, the same on every rank.
struct StepReport {
  std::int64_t step = 0;
  std::int64_t epoch = 0;
  std::int64_t samples = 0;
  double loss = 0.0;  ///< mean over the batch before the update
  double learning_rate = 0.0;
  bool ends_epoch = false;
  std::vector<double> requests;  ///< sums over ranks of what each asked for
};

/// What the end of an epoch brought, the same on every rank.
struct EpochReport {
  Evaluation average;                    ///< of the batches, as they were trained
  std::optional<Evaluation> validation;  ///< where there is such a split and it was time to evaluate
  std::optional<double> metric;          ///< the value of train.metric, where it was judged and is no loss
  bool judged = false;                   ///< counts for `best` and early stopping
  bool best = false;                     ///< the best so far

  /// What it is judged by.
  const Evaluation& result() const { return validation ? *validation : average; }
};

/// A run under way: parameters, optimizer and place in the data, on every rank of a communicator. With
/// train.average_decay an average of the weights, too, which is what it evaluates. Everything it computes is a function
/// of (config, data, seed). All functions but the constructor, restore(), adopt() and the getters are collective.
class Training {
 public:
  /// @throws Error (usage)  when there are fewer leaves than ranks; names both numbers and the remedy
  Training(const Config& config, const Model& model, const TrainingData& data, Communicator& comm);
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;
  ~Training();
  /// Takes memory for the model, which ranks of a host share; comes before everything below but plain getters.
  void allocate();

  /// Starts anew: initial parameters, normalisation learnt, every value of the data checked.
  void start();
  /// Goes on from a checkpoint, the same on every rank. For run_together(): the next collective ends it on all.
  void restore(const Archive& archive);
  /// Goes on with a config that differs in keys that may be nudged. Keeps parameters, moments, statistics and progress.
  void reconfigure(const Config& config);
  /// The run does not have the checkpoint that was the best so far: its next evaluation is its best. What early
  /// stopping counts from stays.
  void forget_best() { progress_.best_step = -1; }
  /// The step that was judged last is not saved: what was the best before is so again. What early stopping counts from
  /// stays.
  void leave_out_of_best();
  /// Takes parameters and running statistics alone, as a start: those that its run was judged by. Like restore().
  void adopt(const Archive& archive);
  /// Validation has all metrics from here on, as for a train.metric that is one of them.
  void want_metrics() { metrics_wanted_ = true; }

  const Config& config() const { return config_; }
  const Model& model() const { return model_; }
  const RunProgress& progress() const { return progress_; }
  const Encoding& encoding() const;
  const Normalization& target_scaling() const;
  /// Of classes, as train.class_weights asks for; empty: all count alike.
  const std::vector<double>& class_weights() const { return class_weights_; }
  const TrainingData& data() const { return data_; }
  std::int64_t steps_per_epoch() const { return cut_.steps_per_epoch(); }
  std::int64_t total_steps() const { return total_steps(config_); }
  /// Of another config with the same data.
  std::int64_t total_steps(const Config& config) const;
  /// All updates done, or stopped early.
  bool finished() const { return finished(config_); }
  bool finished(const Config& config) const;
  /// Finished for want of progress, with updates left.
  bool stopped_early() const { return finished() && progress_.step < total_steps(); }

  /// One update. A batch whose rows all have the weight 0 changes nothing but the step: parameters, moments and running
  /// statistics stay, and its loss is NaN. requests: what this rank asks all ranks to agree on, whether or not it has a
  /// leaf in this batch.
  /// @throws SharedError (diverged) when the loss is not finite, before the update; (internal) when it is a multiple of
  /// parallel.check_every and ranks hold different parameters or statistics
  StepReport advance(const std::vector<double>& requests);

  /// After each step: ends the epoch whose last it was, or the one inside of which the run ends; else nothing. Every
  /// train.evaluate_every epochs, and at the end of the run, it evaluates and judges.
  /// @param wanted  evaluate at any rate, which changes nothing of the run
  /// @throws SharedError (diverged)  like finish()
  std::optional<EpochReport> end_epoch(const StepReport& step, bool wanted = false);
  /// After the last step. Where the config asks for it, replaces running averages by the statistics of the whole
  /// training set; training that goes on, now or from a checkpoint, goes on from the averages. What is evaluated then
  /// takes the place of the step's evaluation for `best`.
  /// @returns the validation split evaluated anew, where that was done and there is one
  /// @throws SharedError (diverged) when the loss is not finite
  std::optional<Evaluation> finish();
  /// @param metrics  all of them, beside loss and accuracy
  /// @param match    of a split of another data set
  Evaluation evaluate(const Split& split, bool metrics, const ColumnMatch* match = nullptr);

  /// On every rank.
  bool parameters_finite();
  /// @throws SharedError (internal) when ranks hold different parameters or statistics; see drift.hpp
  void check_drift();
  /// On rank 0 everything that restore() takes; an empty archive elsewhere.
  /// @param earlier  its memory is used again: new memory takes longer than the copy
  Archive snapshot(Archive earlier = {});

 private:
  /// Of the epoch that has just ended, else of the part that is done.
  Evaluation epoch_average() const;
  /// For `best` and early stopping; true when it is the best so far.
  bool note(const EpochReport& report);
  /// True when this score, lower is better, and loss are the best so far.
  bool compete(double score, double loss);
  /// The last step is the best or not by what its checkpoint predicts with; early stopping has seen the averages.
  void note_exact(const Evaluation& exact);
  /// On the validation split, which must be there.
  Evaluation validate();
  void refine_statistics();
  void read_start(const Archive& archive, const WeightGroups& groups);
  void take_back_averages();
  void begin_average();
  void check_data();
  void learn_encoding();
  void set_encoding(Encoding encoding);
  void learn_target_scaling();
  void learn_class_weights();
  bool weighted() const { return data_.train.has_weights() || !class_weights_.empty(); }
  /// The batch of the update after progress_.step, read ahead where the step before was made by this object.
  ReadBatch& next_batch();
  /// What a batch comes to, the same on every rank.
  struct BatchSums {
    double loss = 0.0;  // this and `right`: of rows by their weights
    double right = 0.0;
    double weight = 0.0;  // the number of rows, where they have none
    std::vector<double> requests;
    bool drifted = false;  // ranks hold different parameters or statistics

    bool counts() const { return weight > 0.0; }
  };
  StepReport train_on(ReadBatch& read, const std::vector<double>& requests);
  /// Forward and backward. Returns what the leaves of this rank sum up to: see leaf_sums().
  std::vector<double> pass_over(ReadBatch& read);
  /// Collective. One small message: the loss, what ranks ask for, and now and then a hash of what each rank holds.
  BatchSums sum_over_ranks(const LeafShare& share, std::span<const double> per_leaf,
                           const std::vector<double>& requests);
  void update(const BatchSums& sums, const StepReport& report);
  /// Past a step that is done, into the next epoch where it ends one.
  void advance_progress(const StepReport& report);

  Config config_;
  Model model_;
  TrainingData data_;
  Communicator& comm_;
  BatchCut cut_;
  std::int64_t capacity_;
  // Made anew when another config needs other layers.
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<Feeder> feeder_;
  RunProgress progress_;
  RunProgress ended_epoch_;
  RunProgress before_note_ = {.step = -1};  // of the last evaluation that was judged
  std::unique_ptr<BatchReader> reader_;
  std::unique_ptr<ThreadTuner> tuner_;
  std::vector<double> class_weights_;
  bool metrics_wanted_ = false;
  std::vector<float> gathered_;   // on rank 0: a moment on its way into a snapshot
  std::vector<double> averages_;  // of the statistics judged, where refine_statistics() replaced them; else empty
};

/// `what` names the loss: "the validation loss after step 9 (epoch 3)". rate: that of a step, where it is known.
/// @param updated  whether an update has acted on the weights: else the learning rate has no part in it
/// @throws SharedError (diverged)  when the loss, the same on every rank, is not finite
void require_finite(const std::string& what, double loss, std::optional<double> rate = {}, bool updated = true);

}  // namespace shoal
