// Every key of a config where it does nothing, or less than it seems to: it says so. The table of keys is gone through:
// a new key stands here with such a combination, or among those that always act.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "config/parse_text.hpp"
#include "shoal/config/config.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Case {
  std::string text;  // a config in which the key does not act as it says
  std::string line;  // what that gives; where it begins with "error: ", a refusal
};

const std::string& layers() {
  static const std::string text = "model.layers = [{type = \"dense\", units = 8}, {type = \"tanh\"}]\n";
  return text;
}
constexpr const char* hidden = "model.hidden = [8]\n";

const std::multimap<std::string, Case>& cases() {
  static const std::multimap<std::string, Case> all = {
      {"model.preset",
       {layers() + "model.preset = \"lenet\"", "error: model.layers is not what model.preset = \"lenet\" makes"}},
      {"model.hidden",
       {"model.preset = \"lenet\"\nmodel.hidden = [8]", "error: model.hidden = [8] excludes model.preset = \"lenet\""}},
      {"model.channels",
       {"model.channels = 8", "model.channels = 8 has no effect: model.preset = \"none\" has no stages"}},
      {"model.blocks", {"model.blocks = 2", "model.blocks = 2 has no effect: model.preset = \"none\" has no stages"}},
      {"model.blocks",
       {"model.preset = \"lenet\"\nmodel.blocks = 2",
        "model.blocks = 2 has no effect: model.preset = \"lenet\" has no blocks"}},
      {"model.activation",
       {"model.preset = \"lenet\"\nmodel.activation = \"tanh\"",
        "model.activation = \"tanh\" has no effect: model.preset = \"lenet\" says it"}},
      {"model.init",
       {"model.preset = \"lenet\"\nmodel.init = \"zeros\"",
        "model.init = \"zeros\" sets the last layer alone: model.preset says how the others start"}},
      {"model.batch_norm.running",
       {"model.preset = \"lenet\"\nmodel.batch_norm.running = \"exact\"",
        "model.batch_norm.running = \"exact\" has no effect: model.preset = \"lenet\" has no batch norm"}},
      {"model.hidden", {layers() + "model.hidden = [8]", "error: model.hidden = [8] excludes model.layers"}},
      {"model.depth", {layers() + "model.depth = 2", "error: model.depth = 2 excludes model.layers"}},
      {"model.width", {layers() + "model.width = 2", "error: model.width = 2 excludes model.layers"}},
      {"model.width", {"model.width = 2", "error: model.width = 2 needs model.depth"}},
      {"model.activation",
       {layers() + "model.activation = \"relu\"",
        "model.activation = \"relu\" has no effect: model.layers names each activation"}},
      {"model.activation",
       {"model.activation = \"tanh\"", "model.activation = \"tanh\" has no effect: the model has no hidden layers"}},
      {"model.dropout", {layers() + "model.dropout = 0.5", "error: model.dropout = 0.5 excludes model.layers"}},
      {"model.dropout", {"model.dropout = 0.5", "model.dropout = 0.5 has no effect: the model has no hidden layers"}},
      {"model.init",
       {layers() + "model.init = \"zeros\"",
        "model.init = \"zeros\" sets the last layer alone: those in model.layers say {type = \"dense\", init = ...}"}},
      {"model.batch_norm.enabled",
       {layers() + "model.batch_norm = true", "error: model.batch_norm.enabled = true excludes model.layers"}},
      {"model.batch_norm.enabled",
       {"model.batch_norm = true", "model.batch_norm.enabled = true has no effect: the model has no hidden layers"}},
      {"model.batch_norm.position",
       {layers() + "model.batch_norm.position = \"after_activation\"",
        "model.batch_norm.position = \"after_activation\" has no effect: model.layers says where"}},
      {"model.batch_norm.epsilon",
       {layers() + "model.batch_norm.epsilon = 1e-3",
        "model.batch_norm.epsilon = 0.001 has no effect: model.layers says it, by {type = \"batch_norm\", epsilon"}},
      {"model.batch_norm.epsilon",
       {std::string(hidden) + "model.batch_norm = {epsilon = 1e-3, enabled = false}",
        "model.batch_norm.epsilon = 0.001 has no effect: model.batch_norm is false"}},
      {"model.batch_norm.momentum",
       {"model.batch_norm = {momentum = 0.2}",
        "model.batch_norm.momentum = 0.2 has no effect: the model has no hidden layers"}},
      {"model.batch_norm.running",
       {layers() + "model.batch_norm.running = \"exact\"",
        "model.batch_norm.running = \"exact\" has no effect: model.layers has no {type = \"batch_norm\"}"}},
      {"model.layers", {layers() + "model.hidden = [8]", "error: model.hidden = [8] excludes model.layers"}},
      {"model.layers",
       {"model.layers = [{type = \"dense\", units = 8, bias = true}, {type = \"batch_norm\"}]",
        "model.layers gives a dense layer bias = true, which has no effect: the batch_norm after it"}},
      {"model.layers",
       {"model.layers = [{type = \"residual\", layers = [{type = \"dense\", units = 8, bias = true}]},\n"
        "{type = \"batch_norm\"}]",
        "model.layers gives a dense layer bias = true, which has no effect: the batch_norm after it"}},
      {"optimizer.beta1",
       {"optimizer = {name = \"gd\", beta1 = 0.8}",
        "optimizer.beta1 = 0.8 has no effect: optimizer.name = \"gd\" does not use it"}},
      {"optimizer.beta2", {"optimizer = {name = \"rmsprop\", beta2 = 0.8}", "optimizer.beta2 = 0.8 has no effect"}},
      {"optimizer.epsilon",
       {"optimizer = {name = \"momentum\", epsilon = 1}", "optimizer.epsilon = 1.0 has no effect"}},
      {"optimizer.momentum", {"optimizer.momentum = 0.9", "optimizer.momentum = 0.9 has no effect"}},
      {"optimizer.nesterov", {"optimizer.nesterov = true", "optimizer.nesterov = true has no effect: optimizer.name"}},
      {"optimizer.nesterov",
       {"optimizer = {name = \"momentum\", nesterov = true, momentum = 0}",
        "optimizer.nesterov = true has no effect: optimizer.momentum is 0"}},
      {"optimizer.trust_coefficient",
       {"optimizer = {name = \"lamb\", trust_coefficient = 0.02}", "optimizer.trust_coefficient = 0.02 has no effect"}},
      {"schedule.warmup_steps",
       {"schedule = {name = \"one_cycle\", warmup_steps = 5}",
        "schedule.warmup_steps = 5 has no effect: schedule.name = \"one_cycle\" rises by itself"}},
      {"schedule.name",
       {"schedule = {name = \"one_cycle\", start_divisor = 1, end_divisor = 1}",
        "since schedule.start_divisor and end_divisor are 1"}},
      {"schedule.power", {"schedule = {name = \"cosine\", power = 2}", "schedule.power = 2.0 has no effect"}},
      {"schedule.rise_fraction", {"schedule.rise_fraction = 0.5", "schedule.rise_fraction = 0.5 has no effect"}},
      {"schedule.start_divisor", {"schedule.start_divisor = 5", "schedule.start_divisor = 5.0 has no effect"}},
      {"schedule.end_divisor", {"schedule.end_divisor = 5", "schedule.end_divisor = 5.0 has no effect"}},
      {"optimizer.rho", {"optimizer.rho = 0.9", "optimizer.rho = 0.9 has no effect"}},
      {"optimizer.weight_decay", {"optimizer.weight_decay = 0.1", "optimizer.weight_decay = 0.1 has no effect"}},
      {"optimizer.weight_decay",
       {"optimizer = {name = \"adamw\", weight_decay = 1e-5}",
        "optimizer.weight_decay = 1e-05 has no effect: times optimizer.learning_rate it is 1e-08 of a weight"}},
      {"schedule.name",
       {"schedule = {name = \"step\"}",
        "schedule.name = \"step\" has no effect: the rate stays as it is, since it first changes after epoch 10 of "
        "train.epochs = 10"}},
      {"schedule.name",
       {"schedule = {name = \"exponential\"}\ntrain.epochs = 1", "since it first changes after epoch 1 of"}},
      {"schedule.name", {"schedule = {name = \"cosine\", min_rate = 1e-3}", "since schedule.min_rate is not below"}},
      {"schedule.name", {"schedule = {name = \"exponential\", factor = 1}", "since schedule.factor is 1"}},
      {"schedule.name", {"schedule = {name = \"inverse_time\", decay = 0}", "since schedule.decay is 0"}},
      {"schedule.step_epochs",
       {"schedule.step_epochs = 3",
        "schedule.step_epochs = 3 has no effect: schedule.name = \"constant\" does not use it"}},
      {"schedule.factor", {"schedule = {name = \"cosine\", factor = 0.5}", "schedule.factor = 0.5 has no effect"}},
      {"schedule.factor",
       {"schedule = {name = \"step\", factor = 0.5}", "schedule.factor = 0.5 has no effect: the rate"}},
      {"schedule.decay", {"schedule = {name = \"step\", decay = 0.5}", "schedule.decay = 0.5 has no effect"}},
      {"schedule.min_rate", {"schedule.min_rate = 1e-4", "schedule.min_rate = 0.0001 has no effect"}},
      {"train.epochs", {"train = {epochs = 3, steps = 10}", "train.epochs = 3 has no effect while train.steps = 10"}},
      {"train.early_stopping.min_delta",
       {"train.early_stopping = {min_delta = 0.1}",
        "train.early_stopping.min_delta = 0.1 has no effect: train.early_stopping.patience is 0, which is off"}},
      {"data.normalize_targets",
       {"data.normalize_targets = \"none\"\nmodel.loss = \"softmax\"",
        "data.normalize_targets = \"none\" has no effect: the targets of model.loss = \"softmax\" are never"}},
      {"data.validation",
       {"data = {validation = 0.1, fold = \"2/5\"}",
        "data.validation = 0.1 has no effect: data.fold = \"2/5\" says which rows validate"}},
      {"data.split_seed",
       {"data.split_seed = 3", "data.split_seed = 3 has no effect: no rows of train are drawn to validate on"}},
      {"sweep.folds", {"sweep.folds = 5", "sweep.folds = 5 has no effect: this trains one"}},
      {"sweep.final_fit", {"sweep.final_fit = true", "sweep.final_fit = true has no effect: this trains one"}},
      {"sweep.trials",
       {"[sweep]\ntrials = 3", "sweep.trials = 3 has no effect: this trains one model, and shoal sweep many"}},
      {"sweep.search", {"sweep.search = \"grid\"", "sweep.search = \"grid\" has no effect: this trains one"}},
      {"sweep.round", {"sweep.round = 4", "sweep.round = 4 has no effect: this trains"}},
      {"sweep.metric", {"sweep.metric = \"train.loss\"", "sweep.metric = \"train.loss\" has no effect: this trains"}},
      {"sweep.ranks_per_trial", {"sweep.ranks_per_trial = 2", "sweep.ranks_per_trial = 2 has no effect: this trains"}},
      {"sweep.keep", {"sweep.keep = 2", "sweep.keep = 2 has no effect: this trains"}},
      {"sweep.successive_halving.enabled",
       {"sweep.successive_halving = true", "sweep.successive_halving.enabled = true has no effect: this trains one"}},
      {"sweep.successive_halving.eta",
       {"sweep.successive_halving = {eta = 2}", "sweep.successive_halving.eta = 2 has no effect: this trains one"}},
      {"sweep.successive_halving.min_epochs",
       {"sweep.successive_halving.min_epochs = 2", "sweep.successive_halving.min_epochs = 2 has no effect: this"}},
      {"sweep.population", {"sweep.population = 8", "sweep.population = 8 has no effect: this trains one"}},
      {"sweep.generation", {"sweep.generation = 2", "sweep.generation = 2 has no effect: this trains one"}},
      {"sweep.exploit", {"sweep.exploit = 0.5", "sweep.exploit = 0.5 has no effect: this trains one"}},
      {"sweep.space",
       {"sweep.trials = 3\nsweep.space.\"optimizer.l2\" = {min = 0, max = 1}",
        "sweep.space has no effect: this trains one model, and shoal sweep many"}},
  };
  return all;
}

/// Keys that act whatever the others say, as far as a config alone can tell.
const std::set<std::string>& always() {
  static const std::set<std::string> names = {"seed",
                                              "data.file",
                                              "data.train",
                                              "data.batch_size",
                                              "data.fold",
                                              "data.normalize",
                                              "data.shuffle_block",
                                              "data.one_hot",
                                              "data.unseen_rate",
                                              "data.augment.crop",
                                              "data.augment.flip",
                                              "data.augment.cutout",
                                              "model.loss",
                                              "optimizer.name",
                                              "optimizer.learning_rate",
                                              "optimizer.l2",
                                              "optimizer.clip_norm",
                                              "train.steps",
                                              "train.evaluate_every",
                                              "train.log_every",
                                              "train.max_seconds",
                                              "train.tensorboard",
                                              "train.early_stopping.patience",
                                              "train.class_weights",
                                              "train.metric",
                                              "train.average_decay",
                                              "parallel.leaves",
                                              "parallel.stall_timeout",
                                              "parallel.check_every",
                                              "checkpoint.every_steps",
                                              "checkpoint.every_seconds",
                                              "checkpoint.every_epochs",
                                              "checkpoint.keep",
                                              "checkpoint.give_up"};
  return names;
}

TEST(ConfigIdle, EveryKeyOfTheTableIsHere) {
  for (const config_keys::Key& key : config_keys::keys()) {
    EXPECT_NE(cases().contains(key.name), always().contains(key.name)) << key.name;
    EXPECT_FALSE(key.idle && always().contains(key.name)) << key.name;
  }
}

TEST(ConfigIdle, AKeyWithoutEffectSaysSo) {
  for (const auto& [name, one] : cases()) {
    std::vector<std::string> said;
    try {
      said = config_keys::idle_lines(parse(one.text));
    } catch (const Error& error) {
      said = {std::string("error: ") + error.what()};
      said[0].erase(7, said[0].find(": ", 7) - 5);  // the place, which has a test of its own
    }
    EXPECT_THAT(said, ::testing::Contains(HasSubstr(one.line))) << name << " in\n" << one.text;
  }
}

TEST(ConfigIdle, AKeyThatActsSaysNothing) {
  const std::vector<std::string> texts = {
      std::string(),
      "[model]\nhidden = [8]\nactivation = \"tanh\"\ndropout = 0.1\nbatch_norm = {epsilon = 1e-3}",
      "schedule = {name = \"exponential\", factor = 2, min_rate = 1e-3}",  // it rises
      "model = {depth = 1, width = 3, activation = \"tanh\", init = \"zeros\"}",
      layers() + "model.init = \"auto\"",
      "model.preset = \"mlp\"\nmodel.dropout = 0.1\nmodel.activation = \"tanh\"\nmodel.hidden = [8]",
      "model.preset = \"resnet8\"\nmodel.dropout = 0.1\nmodel.channels = 8\nmodel.blocks = 1\n"
      "model.batch_norm.running = \"exact\"",
      "model.preset = \"lenet\"\nmodel.dropout = 0.1\nmodel.channels = 8",
      "model.layers = [{type = \"dense\", units = 8, bias = true}, {type = \"relu\"}, {type = \"batch_norm\"}]",
      std::string("model.layers = [{type = \"batch_norm\"}]\nmodel.batch_norm.running = \"exact\""),
      "model.layers = [{type = \"dense\", units = 8, bias = true},\n"
      "{type = \"residual\", layers = [{type = \"batch_norm\"}]}]\nmodel.batch_norm.running = \"exact\"",
      std::string("model.layers = [{type = \"of_a_program\"}]\nmodel.batch_norm.running = \"exact\""),
      std::string("optimizer = {name = \"adamw\", beta1 = 0.8, weight_decay = 1e-3}"),
      std::string("optimizer = {name = \"adamw\", weight_decay = 0}"),
      std::string("optimizer = {name = \"momentum\", momentum = 0.5, l2 = 1e-3, clip_norm = 1}"),
      std::string("schedule = {name = \"step\", step_epochs = 9}"),
      std::string("schedule = {name = \"step\"}\ntrain.steps = 5"),
      std::string("schedule = {name = \"cosine\", min_rate = 1e-5, warmup_steps = 3}\ntrain.epochs = 1"),
      std::string("train.early_stopping = {patience = 3, min_delta = 0.1}"),
      std::string("data = {fold = \"2/5\", split_seed = 3, validation = \"auto\"}"),
      std::string("data = {validation = 0.1, split_seed = 3}"),
      std::string("data.train = [\"train\", \"validation\"]"),
      std::string("optimizer = {name = \"lars\", nesterov = true, trust_coefficient = 0.02, weight_decay = 1e-6}"),
      std::string("optimizer = {name = \"lamb\", beta1 = 0.8, weight_decay = 1e-9}"),
      std::string("schedule = {name = \"polynomial\", power = 2, warmup_steps = 3}\ntrain.epochs = 1"),
      std::string("schedule = {name = \"one_cycle\", rise_fraction = 0.2}\ntrain.epochs = 1"),
  };
  for (const std::string& text : texts) EXPECT_THAT(config_keys::idle_lines(parse(text)), IsEmpty()) << text;
}

TEST(ConfigIdle, OnlyWhatSomebodySetIsSaid) {
  const Config config = parse("optimizer.name = \"gd\"\n", {"optimizer.rho=0.5"});
  EXPECT_THAT(
      config_keys::idle_lines(config),
      ElementsAre("--set optimizer.rho=0.5: optimizer.rho = 0.5 has no effect: optimizer.name = \"gd\" does not "
                  "use it"));
  // A config as shoal writes it holds every key.
  Config resolved = parse(to_toml(Config()));
  EXPECT_THAT(config_keys::idle_lines(resolved), IsEmpty());
  set_keys(resolved, "optimizer.rho = 0.5");
  EXPECT_THAT(config_keys::idle_lines(resolved), ElementsAre(HasSubstr("optimizer.rho = 0.5 has no effect")));
}

TEST(ConfigIdle, ExactStatisticsGoWithAListOfLayers) {
  const std::string listed = "[model]\nlayers = [{type = \"dense\", units = 8}, {type = \"batch_norm\"}]\n";
  for (const Config& config :
       {parse(listed + "batch_norm = {running = \"exact\"}"), parse(listed, {"model.batch_norm.running=exact"})}) {
    EXPECT_EQ(config.model.batch_norm.running, "exact");
    EXPECT_FALSE(config.model.batch_norm.enabled);
    EXPECT_EQ(parse(to_toml(config)), config);
  }
}

}  // namespace
}  // namespace shoal
