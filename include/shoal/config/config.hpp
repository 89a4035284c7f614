#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shoal/config/sweep_settings.hpp"
#include "shoal/data/augment_settings.hpp"
#include "shoal/nn/layer_spec.hpp"
#include "shoal/nn/loss_settings.hpp"
#include "shoal/optim/settings.hpp"

namespace shoal {

/// What a run validates on. Empty (in TOML: "auto"): the file's split `validation` if there is one that is not trained
/// on; a number: this fraction of the rows trained on, 0 for none; a text: the name of a split.
using Validation = std::variant<std::monostate, double, std::string>;

/// One of `of` parts of the rows trained on: the run validates on it and trains on all others. How rows are dealt to
/// parts: data/folds.hpp. In TOML: "2/5", "none".
struct Fold {
  std::int64_t number = 0;  ///< from 1; 0: none
  std::int64_t of = 0;

  bool any() const { return of > 0; }
  bool operator==(const Fold&) const = default;
};

struct DataConfig {
  std::string file;                    ///< absolute; empty: not given
  std::int64_t batch_size = 64;        ///< global
  Validation validation;               ///< in TOML: "auto", 0.1, "validation"
  std::string normalize = "standard";  ///< standard, unit, none
  std::int64_t shuffle_block = 0;      ///< rows; 0: a function of N and the row size
  std::int64_t one_hot = 32;           ///< most distinct values of a category that is one-hot; else an embedding
  double unseen_rate = 0.01;           ///< of a category's values that training takes for unseen
  AugmentSettings augment;             ///< of images, in training
  /// Targets of a regression, each output by itself: standard, none; auto: standard for targets that are floats and any
  /// number, none for labels that are taken for numbers and for shares
  std::string normalize_targets = "auto";
  Fold fold = {};                ///< where there is one, what `validation` says is not looked at
  std::int64_t split_seed = -1;  ///< draws the rows that validation as a fraction, or folds, take; -1: `seed`
  std::vector<std::string> train = {"train"};  ///< splits of the file, trained on as if they were one; in TOML: one
                                               ///< name, or a list
};

struct BatchNormConfig {
  bool enabled = false;
  std::string position = "before_activation";  ///< or after_activation
  double epsilon = 1e-5;
  double momentum = 0.1;            ///< running = (1 - momentum) * running + momentum * batch
  std::string running = "average";  ///< or exact
};

/// The hidden layers are given in one of four ways: `hidden`, `depth` with `width`, `layers`, or `preset`. None of
/// them: a linear model. What each makes: layers_of() in config/model_layers.hpp.
struct ModelConfig {
  /// "none"; a network of nn/presets.hpp, which `channels`, `blocks` and `dropout` may change; "mlp", what `hidden`, or
  /// `depth` and `width`, say, or [256, 128]. A config that shoal writes has its layers beside it
  std::string preset = "none";
  std::int64_t channels = 0;         ///< of the first stage of the preset; 0: what it is known by
  std::int64_t blocks = 0;           ///< in each stage of a resnet; 0: what it is known by
  std::vector<std::int64_t> hidden;  ///< units of each hidden layer
  std::int64_t depth = 0;            ///< hidden layers, all of `width` units
  std::int64_t width = 0;
  std::string activation = "relu";  ///< one of activation_names()
  double dropout = 0.0;
  std::string init = "auto";  ///< he before relu, normal for numbers to predict, else xavier; or one of these, or zeros
  LossSettings loss;          ///< auto: softmax for whole-number y, mse for real y
  BatchNormConfig batch_norm;
  std::vector<LayerSpec> layers;  ///< checked by the model, not here
};

struct EarlyStopping {
  std::int64_t patience = 0;  ///< evaluations without progress; 0: off
  double min_delta = 0.0;
};

/// What the rows of a class count in the loss of training, beside their weights in the file: in no evaluation.
struct ClassWeights {
  bool balanced = false;  ///< N / (K n_k): N rows, n_k of class k, K classes that have rows; as scikit-learn.
                          ///< Where rows have weights, their sums stand for N and n_k
  std::map<std::string, double> of = {};  ///< by name of the class, 0 or more; those not named: 1

  bool any() const { return balanced || !of.empty(); }
  bool operator==(const ClassWeights&) const = default;
};

struct TrainConfig {
  std::int64_t epochs = 10;
  std::int64_t steps = 0;           ///< in place of epochs, when above 0
  std::int64_t evaluate_every = 1;  ///< epochs
  std::int64_t log_every = 1;       ///< steps
  double max_seconds = 0.0;         ///< 0: no limit
  bool tensorboard = false;         ///< event files beside metrics.jsonl
  EarlyStopping early_stopping;
  ClassWeights class_weights = {};          ///< in TOML: "none", "balanced", {yes = 5.0}
  Metric metric = Metric::validation_loss;  ///< decides `best` and early stopping; without a validation split the loss
                                            ///< alone, that of the last epoch of training
  double average_decay = 0.0;               ///< of an exponential average of weights, which is what is judged; 0: none
};

struct ParallelConfig {
  std::int64_t leaves = 0;         ///< V; 0: default_leaves(batch_size)
  double stall_timeout = 120;      ///< seconds; 0: never
  std::int64_t check_every = 100;  ///< steps; 0: never
};

struct CheckpointConfig {
  std::int64_t every_steps = 0;   ///< 0: not by steps
  double every_seconds = 0.0;     ///< 0: not by time
  std::int64_t every_epochs = 1;  ///< 0: not by epochs
  std::int64_t keep = 3;
  std::int64_t give_up = 3;  ///< failed writes in a row that end the run
};

/// A run by description: with the data and nothing else it determines the trained parameters.
struct Config {
  std::uint64_t seed = 1;
  DataConfig data;
  ModelConfig model;
  OptimizerSettings optimizer;
  ScheduleSettings schedule;
  TrainConfig train;
  ParallelConfig parallel;
  CheckpointConfig checkpoint;
  SweepSettings sweep;

  /// Where values were given, for messages (and to tell what was said from a default of the same value): by key (of a
  /// dimension too: "sweep.space.model.width") the beginning of a message about it, `digits.toml:3:9: ` or `--set
  /// KEY=VALUE: `.
  std::map<std::string, std::string> places;
  /// Empty where it is not known.
  std::string place_of(const std::string& key) const { return places.contains(key) ? places.at(key) : ""; }
};

/// Equal in every key; told by the text of the values, so 0.0 and -0.0 differ.
bool operator==(const Config& a, const Config& b);

/// The config of a file and of `--set KEY=VALUE` options, of which later ones win; without a file, the defaults.
/// A VALUE that does not parse as TOML is a string. Relative paths are relative to the file, from `sets` to the working
/// directory, and come out absolute.
/// @throws Error  usage: not TOML, unknown key, wrong type, out of range, keys that exclude each other; the message
///                starts with `file:line:column: ` or `--set KEY=VALUE: `. no_input: the file is not there or
///                unreadable.
Config load_config(const std::optional<std::string>& path, const std::vector<std::string>& sets);

/// The same from a text. name: what messages call it; base_directory: what its relative paths are relative to.
Config parse_config(const std::string& text, const std::string& name, const std::string& base_directory,
                    const std::vector<std::string>& sets = {});

/// Of a file that shoal wrote with every key that it knew: one without data.normalize_targets is of a version that left
/// targets as they are.
void take_targets_as_before(Config& written);

/// Changes a config as one more `--set KEY=VALUE` does. @returns the full names of the keys set: several for a table
/// @throws Error  usage, with the config as it was; the message starts with `KEY=VALUE: `
std::vector<std::string> set_keys(Config& config, const std::string& assignment);

/// The seed of which rows of train are set apart.
std::uint64_t split_seed_of(const Config& config);

/// V, the leaves of a full batch: as many ranks can train together.
std::int64_t leaves_of(const Config& config);

/// The value of a key as TOML: `0.0003`, `"cosine"`. @throws Error  usage: no such key
std::string value_text(const Config& config, const std::string& key);

/// Checks ranges and what excludes each other, for a config that was filled in by a program.
/// @throws Error  usage
void check_config(const Config& config);

/// The keys as resolved, in one order, but those that a default leaves out (config_keys::is_written()); numbers as the
/// shortest text that reads back equal, so that parse_config(to_toml(c), ...) == c.
std::string to_toml(const Config& config);

/// The full names ("optimizer.learning_rate") of keys whose values differ, in the order of to_toml.
std::vector<std::string> differing_keys(const Config& a, const Config& b);

/// Whether a key may differ between two runs with the same parameters to the last bit. The config matters for
/// train.evaluate_every alone: early stopping counts evaluations.
bool changes_no_bit(const std::string& key, const Config& config);

/// Whether a key may change while a run is under way: shapes and the data stay.
bool may_be_nudged(const std::string& key);

}  // namespace shoal
