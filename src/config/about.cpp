// What each key is, in a line: for `shoal help`, the manual and completion.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "shoal/config/keys.hpp"

namespace shoal::config_keys {
namespace {

using Line = std::pair<std::string_view, std::string_view>;

constexpr std::array lines = {
    Line{"seed", "Of all random numbers"},
    Line{"data.file", "The data set; relative to the config"},
    Line{"data.train", "The split to train on, or a list of several, whose rows are taken as those of one"},
    Line{"data.batch_size", "Samples of a batch, of all ranks together"},
    Line{"data.validation",
         "A share of the rows trained on, or the name of a split; auto: validation, if there is one"},
    Line{"data.fold",
         "Which of how many parts of the rows trained on to validate on, as in 2/5; none: see data.validation"},
    Line{"data.split_seed", "Draws the rows that data.validation as a share, or folds, set apart; -1: seed does"},
    Line{"data.normalize", "standard: mean 0 and deviation 1 per feature, per channel of images; unit: 0 to 1"},
    Line{"data.normalize_targets",
         "Of numbers to predict, each output by itself; auto: standard where they are floats"},
    Line{"data.shuffle_block", "Rows that are shuffled as a block; 0: chosen by the size of the data"},
    Line{"data.one_hot", "Most distinct values of a category that is one-hot; more get a trained vector each"},
    Line{"data.unseen_rate", "Share of a category's values that training takes for unseen ones"},
    Line{"data.augment.crop", "Pixels by which images are shifted in training, each way"},
    Line{"data.augment.flip", "Images are mirrored in training, every other one"},
    Line{"data.augment.cutout", "Side of a square that is cut out of images in training; 0: none"},
    Line{"model.preset", "A network by name; mlp: hidden layers by model.hidden, or depth and width"},
    Line{"model.channels", "Of the preset's first stage; 0: what it is known by"},
    Line{"model.blocks", "In each stage of a resnet; 0: what it is known by"},
    Line{"model.hidden", "Units of each hidden layer; none: a linear model"},
    Line{"model.depth", "Hidden layers, all of model.width units"},
    Line{"model.width", "Units of each of model.depth hidden layers"},
    Line{"model.activation", "Of hidden layers"},
    Line{"model.dropout", "Share of hidden values that training drops"},
    Line{"model.init",
         "How weights start; auto: he before relu and leaky_relu, normal (deviation 0.01) in the last layer where it "
         "predicts numbers, else xavier"},
    Line{"model.loss", "auto: softmax for labels, mse for targets that are numbers"},
    Line{"model.batch_norm.enabled", "Hidden layers are normalised over the whole batch"},
    Line{"model.batch_norm.position", "Where in a layer"},
    Line{"model.batch_norm.epsilon", "Added to the variance"},
    Line{"model.batch_norm.momentum", "Share of the running statistics that each batch renews"},
    Line{"model.batch_norm.running",
         "Statistics to predict with: running averages, or in the end exact ones of the training split"},
    Line{"model.layers", "The hidden layers as a list, each {type = ..., settings}"},
    Line{"optimizer.name", "The rule by which weights are updated"},
    Line{"optimizer.learning_rate", "Before the schedule"},
    Line{"optimizer.beta1", "Of adam, adamw and lamb: how slowly the mean gradient changes"},
    Line{"optimizer.beta2", "Of adam, adamw and lamb: how slowly the mean squared gradient changes"},
    Line{"optimizer.epsilon", "Of adam, adamw, lamb and rmsprop: added to the root of the mean squared gradient"},
    Line{"optimizer.momentum", "Of momentum and lars"},
    Line{"optimizer.nesterov", "momentum and lars look ahead"},
    Line{"optimizer.rho", "Of rmsprop: how slowly the mean squared gradient changes"},
    Line{"optimizer.l2", "Times the weights, added to their gradient"},
    Line{"optimizer.weight_decay",
         "Of adamw: times all parameters, beside the gradient; of lars and lamb: times the weights"},
    Line{"optimizer.trust_coefficient", "Of lars: by what share of its norm a weight moves at the rate 1"},
    Line{"optimizer.clip_norm", "Greatest norm of the whole gradient; 0: no clipping"},
    Line{"schedule.name", "How the learning rate changes"},
    Line{"schedule.warmup_steps", "Steps in which the rate rises from 0, before any schedule but one_cycle"},
    Line{"schedule.step_epochs", "Of step: epochs between two changes"},
    Line{"schedule.factor", "Of step and exponential: by which the rate is multiplied"},
    Line{"schedule.decay", "Of inverse_time"},
    Line{"schedule.min_rate", "Least rate, after the warm-up, of all schedules but constant"},
    Line{"schedule.power", "Of polynomial"},
    Line{"schedule.rise_fraction", "Of one_cycle: share of the steps in which the rate rises"},
    Line{"schedule.start_divisor", "Of one_cycle: the learning rate divided by it is the first rate"},
    Line{"schedule.end_divisor", "Of one_cycle: the first rate divided by it is the last one"},
    Line{"train.epochs", "How long; train.steps wins where it is above 0"},
    Line{"train.steps", "Updates, in place of epochs; 0: by epochs"},
    Line{"train.evaluate_every", "Epochs between two evaluations"},
    Line{"train.log_every", "Steps between two lines of metrics.jsonl"},
    Line{"train.max_seconds", "Then the run is saved and stops with 75; 0: no limit"},
    Line{"train.early_stopping.patience", "Evaluations without progress that end the run; 0: off"},
    Line{"train.early_stopping.min_delta",
         "How much better than all before an evaluation must be to count as progress"},
    Line{"train.class_weights", "none, balanced, or a table of weights by class, as in {yes = 5.0}"},
    Line{"train.metric", "Decides which checkpoint is best, and early stopping"},
    Line{"train.average_decay", "Of an average of weights, which is what is evaluated and predicted with; 0: none"},
    Line{"train.tensorboard", "Write TensorBoard's event files into tensorboard/ of the run, beside metrics.jsonl"},
    Line{"parallel.leaves", "Parts that a batch is cut into; 0: the largest power of two with 32 samples in each"},
    Line{"parallel.stall_timeout", "Seconds that a rank waits for another before all leave; 0: for ever"},
    Line{"parallel.check_every", "Steps between two comparisons of what ranks hold; 0: never"},
    Line{"checkpoint.every_steps", "Steps between two checkpoints; 0: not by steps"},
    Line{"checkpoint.every_seconds", "Seconds between two checkpoints; 0: not by time"},
    Line{"checkpoint.every_epochs", "Epochs between two checkpoints; 0: not by epochs"},
    Line{"checkpoint.keep", "Newest checkpoints that stay, beside step 0, best, latest and those before nudges"},
    Line{"checkpoint.give_up", "Failed saves in a row that end the run with 74"},
    Line{"sweep.trials", "How many models are tried"},
    Line{"sweep.search", "How hyperparameters are chosen from sweep.space"},
    Line{"sweep.round", "Trials that a search that learns decides on at a time; 0: two for each group of ranks"},
    Line{"sweep.metric", "What trials are ranked by; where only train.metric is given, that"},
    Line{"sweep.ranks_per_trial", "Ranks that train one trial together"},
    Line{"sweep.keep", "Checkpoints of so many of the best trials stay in best/, for shoal predict SWEEP --best N"},
    Line{"sweep.successive_halving.enabled", "Trials begin short, and only the best of them go on"},
    Line{"sweep.successive_halving.eta", "One of so many trials goes on, for so many times as long"},
    Line{"sweep.successive_halving.min_epochs", "Epochs of the shortest trials, at least"},
    Line{"sweep.population",
         "Models that are trained beside each other, the worst going on as copies of the best; 0: off"},
    Line{"sweep.generation", "Epochs between two looks at a population; 0: a tenth of train.epochs"},
    Line{"sweep.exploit", "Share of a population that goes on as copies, and of those that are copied"},
    Line{"sweep.folds", "Models of each trial, each validated on another part of the training split; 0: one model"},
    Line{"sweep.final_fit",
         "Train the best setting again, on all rows of training and validation; auto: where there are folds"},
    Line{"sweep.space", "What each hyperparameter is chosen from, by key"},
};

}  // namespace

std::string about(const Key& key) {
  const auto* line = std::find_if(lines.begin(), lines.end(), [&](const Line& each) { return each.first == key.name; });
  return line == lines.end() ? "" : std::string(line->second);
}

}  // namespace shoal::config_keys
