#include <gtest/gtest.h>

#include <limits>

#include "shoal/config/config.hpp"
#include "shoal/core/error.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

/// "64 message" of what a call throws.
template <typename Call>
std::string thrown(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return std::to_string(static_cast<int>(error.status())) + ' ' + error.what();
  }
  return "nothing";
}

std::string refusal(const std::string& text, const std::vector<std::string>& sets = {}) {
  return thrown([&] { parse_config(text, "digits.toml", "/base", sets); });
}

TEST(ConfigError, AnUnknownKeyNamesThePlaceAndTheNearestKey) {
  EXPECT_EQ(refusal("seed = 1\n\n\n\n\n[optimizer]\n  lerning_rate = 1.0\n"),
            "64 digits.toml:7:3: unknown key \"optimizer.lerning_rate\"; did you mean \"optimizer.learning_rate\"?");
  EXPECT_EQ(refusal("", {"optimizer.lerning_rate=1"}),
            "64 --set optimizer.lerning_rate=1: unknown key \"optimizer.lerning_rate\"; did you mean "
            "\"optimizer.learning_rate\"?");
  EXPECT_EQ(refusal("[optimiser]\nname = \"gd\""),
            "64 digits.toml:1:2: unknown key \"optimiser\"; did you mean \"optimizer\"?");
  EXPECT_EQ(refusal("[train]\nbatch_size = 3"),
            "64 digits.toml:2:1: unknown key \"train.batch_size\"; did you mean \"data.batch_size\"?");
  EXPECT_EQ(refusal("learning_rate = 3"),
            "64 digits.toml:1:1: unknown key \"learning_rate\"; did you mean \"optimizer.learning_rate\"?");
  EXPECT_EQ(refusal("data.qqqqqqqqqqqqqqqq = 3"),
            "64 digits.toml:1:6: unknown key \"data.qqqqqqqqqqqqqqqq\"; [data] has the keys file, train, batch_size, "
            "validation, fold, split_seed, normalize, normalize_targets, shuffle_block, one_hot, unseen_rate, augment, "
            "augment.crop, "
            "augment.flip, "
            "augment.cutout");
  EXPECT_EQ(refusal("qqqqqqqqqqqqqqqq = 3"),
            "64 digits.toml:1:1: unknown key \"qqqqqqqqqqqqqqqq\"; a config has seed, data, model, optimizer, "
            "schedule, train, parallel, checkpoint, sweep");
}

TEST(ConfigError, AKeyUnderAnotherNameLeadsToTheRightOne) {
  for (const auto& [typed, meant] :
       std::vector<std::pair<std::string, std::string>>{{"optimizer.lr", "optimizer.learning_rate"},
                                                        {"train.lr", "optimizer.learning_rate"},
                                                        {"learning-rate", "optimizer.learning_rate"},
                                                        {"optimizer.decay", "optimizer.weight_decay"},
                                                        {"optimizer.wd", "optimizer.weight_decay"},
                                                        {"optimizer.eta", "optimizer.learning_rate"},
                                                        {"sweep.eta", "sweep.successive_halving.eta"},
                                                        {"train.bs", "data.batch_size"},
                                                        {"batch", "data.batch_size"},
                                                        {"epochs", "train.epochs"},
                                                        {"train.num_epochs", "train.epochs"},
                                                        {"model.hidden_layers", "model.hidden"},
                                                        {"model.act", "model.activation"},
                                                        {"train.optimizer", "optimizer.name"},
                                                        {"model.bn", "model.batch_norm"},
                                                        {"train.clip", "optimizer.clip_norm"},
                                                        {"data.validation_split", "data.validation"},
                                                        {"nesterov", "optimizer.nesterov"},
                                                        {"optimizer.use_nesterov", "optimizer.nesterov"},
                                                        {"optimizer.trust_coef", "optimizer.trust_coefficient"},
                                                        {"optimizer.eeta", "optimizer.trust_coefficient"},
                                                        {"schedule.pct_start", "schedule.rise_fraction"},
                                                        {"schedule.div_factor", "schedule.start_divisor"},
                                                        {"schedule.final_div_factor", "schedule.end_divisor"},
                                                        {"schedule.max_lr", "optimizer.learning_rate"},
                                                        {"schedule.min_lr", "schedule.min_rate"},
                                                        {"schedule.exponent", "schedule.power"},
                                                        {"train.ema", "train.average_decay"},
                                                        {"optimizer.ema_decay", "train.average_decay"},
                                                        {"model.label_smoothing", "model.loss"},
                                                        {"train.pos_weight", "model.loss"},
                                                        {"random_state", "seed"}}) {
    const std::string set = typed + "=1";
    const std::string message = thrown([&] { parse_config("", "digits.toml", "/base", {set}); });
    EXPECT_NE(message.find("unknown key \"" + typed + "\"; did you mean \"" + meant + "\"?"), std::string::npos)
        << message;
  }
}

TEST(ConfigError, AValueUnderAnotherNameLeadsToTheRightOne) {
  for (const auto& [set, meant] :
       std::vector<std::pair<std::string, std::string>>{{"optimizer.name=sgd", "\"gd\" or \"momentum\""},
                                                        {"optimizer.name=adamW", "\"adamw\""},
                                                        {"optimizer.name=Adam", "\"adam\""},
                                                        {"optimizer.name=LARC", "\"lars\""},
                                                        {"optimizer.name=LAMB", "\"lamb\""},
                                                        {"optimizer.name=nesterov", "\"momentum\""},
                                                        {"schedule.name=OneCycleLR", "\"one_cycle\""},
                                                        {"schedule.name=1cycle", "\"one_cycle\""},
                                                        {"schedule.name=poly", "\"polynomial\""},
                                                        {"schedule.name=linear", "\"polynomial\""},
                                                        {"model.loss=cross_entropy", "\"softmax\""},
                                                        {"model.loss=bce", "\"sigmoid\""},
                                                        {"model.activation=ReLU", "\"relu\""},
                                                        {"model.activation=linear", "\"identity\""},
                                                        {"model.init=glorot", "\"xavier\""},
                                                        {"data.normalize=zscore", "\"standard\""}}) {
    const std::string message = refusal("", {set});
    EXPECT_NE(message.find("; did you mean " + meant + "? use one of "), std::string::npos) << message;
  }
}

TEST(ConfigError, AWrongTypeSaysWhatWasExpectedAndSeen) {
  EXPECT_EQ(refusal("[data]\nbatch_size = \"64\""),
            "64 digits.toml:2:14: data.batch_size is the string \"64\"; use a whole number from 1 to 2147483647");
  EXPECT_EQ(refusal("", {"optimizer.learning_rate=fast"}),
            "64 --set optimizer.learning_rate=fast: optimizer.learning_rate is the string \"fast\"; use a number from "
            "1.2e-38 to 3.4e+38");
  EXPECT_EQ(refusal("train.epochs = 2.5"),
            "64 digits.toml:1:16: train.epochs is the real number 2.5; use a whole number from 1 to 2147483647");
  EXPECT_EQ(refusal("data.file = 3"), "64 digits.toml:1:13: data.file is the whole number 3; use a string");
  EXPECT_EQ(refusal("data.file = 2024-01-01"), "64 digits.toml:1:13: data.file is a date or time; use a string");
  EXPECT_EQ(refusal("model.hidden = 256"),
            "64 digits.toml:1:16: model.hidden is the whole number 256; use a list like [256, 128], each a whole "
            "number from 1 to 2147483647");
  EXPECT_EQ(refusal("model.hidden = [256, 1.5]").substr(0, 43), "64 digits.toml:1:16: model.hidden is a list");
  EXPECT_EQ(refusal("model.batch_norm = 3"),
            "64 digits.toml:1:20: model.batch_norm is the whole number 3; use true, false or a table of keys");
  EXPECT_EQ(refusal("model.batch_norm.enabled = 3"),
            "64 digits.toml:1:28: model.batch_norm.enabled is the whole number 3; use true or false");
  EXPECT_EQ(refusal("optimizer = \"adam\""),
            "64 digits.toml:1:13: optimizer is the string \"adam\"; use a table of keys");
  EXPECT_EQ(refusal("train.epochs = {a = 1}").substr(0, 46), "64 digits.toml:1:16: train.epochs is a table; ");
  EXPECT_EQ(refusal("data.validation = true"),
            "64 digits.toml:1:19: data.validation is true; use \"auto\", a number from 0 to below 1, or the name of a "
            "split");
  EXPECT_EQ(refusal("seed = -1"), "64 digits.toml:1:8: seed is -1; use a whole number of 0 or more");
}

TEST(ConfigError, ASettingOfALossIsNamedByItself) {
  EXPECT_EQ(
      refusal("model.loss = {name = \"quantile\", levels = []}"),
      "64 digits.toml:1:43: model.loss.levels is an empty list; use one number or more of above 0 and below 1, like "
      "[0.1, 0.5, 0.9]");
  EXPECT_EQ(refusal("", {"model.loss={name=\"huber\",delta=\"2\"}"}),
            "64 --set model.loss={name=\"huber\",delta=\"2\"}: model.loss.delta is the string \"2\"; use a number");
}

TEST(ConfigError, LayersAreTablesWithATypeAndScalars) {
  const auto said = [](const std::string& layers) { return refusal("model.layers = " + layers); };
  const std::string like = "; use a table like {type = \"dense\", units = 256}";
  EXPECT_EQ(said("[{units = 3}]"), "64 digits.toml:1:17: model.layers[0] has no type" + like);
  EXPECT_EQ(said("[{type = 3}]"), "64 digits.toml:1:25: model.layers[0].type is the whole number 3; use a text");
  EXPECT_EQ(said("[{type = \"\"}]"),
            "64 digits.toml:1:25: model.layers[0].type is empty; use a table like {type = \"dense\", units = 256}");
  EXPECT_EQ(said("[3]"), "64 digits.toml:1:17: model.layers[0] is the whole number 3" + like);
  EXPECT_EQ(said("3"),
            "64 digits.toml:1:16: model.layers is the whole number 3; use a list of tables like {type = "
            "\"dense\", units = 256}");
  EXPECT_EQ(said("[{type = \"dense\", units = [3]}]"),
            "64 digits.toml:1:42: model.layers[0].units is a list; use a finite number, true, false, a text, or two "
            "whole numbers such as [3, 5]");
  EXPECT_EQ(
      said("[{type = \"conv\", kernel = [3, 5, 7]}]").find("64 digits.toml:1:42: model.layers[0].kernel is a list"),
      0U);
  EXPECT_EQ(said("[{type = \"dense\", gain = inf}]"), "64 digits.toml:1:16: model.layers[0].gain is no finite number");
}

TEST(ConfigError, OfNestedLayersThePlaceIsNamed) {
  const auto said = [](const std::string& inside) {
    const std::string text = refusal("model.layers = [{type = \"relu\"}, {type = \"residual\", " + inside + "}]");
    return text.substr(text.find("model."));
  };
  EXPECT_EQ(said("layers = [{type = \"tanh\"}, {type = \"dense\", units = [1]}]"),
            "model.layers[1].layers[1].units is a list; use a finite number, true, false, a text, or two "
            "whole numbers such as [3, 5]");
  EXPECT_EQ(said("layers = [{type = \"concat\", branches = [[], [{}]]}]"),
            "model.layers[1].layers[0].branches[1][0] has no type; use a table like {type = \"dense\", units = 256}");
  EXPECT_EQ(said("branches = [{type = \"relu\"}]"),
            "model.layers[1].branches[0] is a table; use a list of tables like {type = \"dense\", units = 256}");
  EXPECT_EQ(said("branches = 3"),
            "model.layers[1].branches is the whole number 3; use a list of lists of layers like [[{type = \"dense\", "
            "units = 8}], []]");
  EXPECT_EQ(said("shortcut = []"), "model.layers[1].shortcut is an empty list; use \"identity\" for the input itself");
  EXPECT_EQ(said("shortcut = [[]]"),
            "model.layers[1].shortcut[0] is a list; use a table like {type = \"dense\", units = 256}");
  EXPECT_EQ(said("name = 3"), "model.layers[1].name is the whole number 3; use a text");
  EXPECT_EQ(said("name = \"\""), "model.layers[1].name is empty; use a text, or leave it out");
  EXPECT_EQ(said("layers = [{type = \"\"}]"),
            "model.layers[1].layers[0].type is empty; use a table like {type = \"dense\", units = 256}");
  EXPECT_EQ(said("layers = [{type = \"dense\", gain = nan}]"), "model.layers[1].layers[0].gain is no finite number");
}

TEST(ConfigError, AValueOutOfRangeSaysTheRange) {
  EXPECT_EQ(refusal("[optimizer]\nlearning_rate = -0.1"),
            "64 digits.toml:2:17: optimizer.learning_rate is -0.1; use a number from 1.2e-38 to 3.4e+38");
  EXPECT_EQ(refusal("", {"model.dropout=1"}),
            "64 --set model.dropout=1: model.dropout is 1.0; use a number from 0 to 0.999999");
  EXPECT_EQ(refusal("optimizer.l2 = -1"),
            "64 digits.toml:1:16: optimizer.l2 is -1.0; use 0, or a number from 1.2e-38 to 3.4e+38");
  EXPECT_EQ(refusal("model.batch_norm = {momentum = 1.5}"),
            "64 digits.toml:1:32: model.batch_norm.momentum is 1.5; use a number above 0 up to 1");
  EXPECT_EQ(refusal("model.activation = \"rellu\""),
            "64 digits.toml:1:20: model.activation is \"rellu\"; did you mean \"relu\"? use one of \"relu\", "
            "\"leaky_relu\", \"tanh\", \"sigmoid\", \"gelu\", \"silu\", \"identity\"");
  for (const std::string wrong : {"optimizer.learning_rate = 0",
                                  "optimizer.learning_rate = inf",
                                  "optimizer.learning_rate = nan",
                                  "optimizer.beta1 = 1",
                                  "optimizer.beta2 = -0.1",
                                  "optimizer.epsilon = 0",
                                  "optimizer.epsilon = 1e-46",
                                  "optimizer.epsilon = 1e39",
                                  "optimizer.learning_rate = 1e-60",
                                  "optimizer.learning_rate = 1e40",
                                  "optimizer.l2 = 1e40",
                                  "optimizer.clip_norm = 1e40",
                                  "optimizer.weight_decay = 1e40",
                                  "schedule.factor = 1e40",
                                  "schedule.decay = 1e40",
                                  "schedule.min_rate = 1e40",
                                  "optimizer.l2 = 1e-60",
                                  "optimizer.momentum = 1e-60",
                                  "optimizer.momentum = 0.99999999",
                                  "optimizer.clip_norm = 1e-60",
                                  "optimizer.weight_decay = 1e-60",
                                  "schedule.factor = 1e-60",
                                  "schedule.decay = 1e-60",
                                  "schedule.min_rate = 1e-60",
                                  "model.batch_norm.epsilon = 1e-60",
                                  "optimizer.momentum = 1.0",
                                  "optimizer.rho = 2",
                                  "optimizer.clip_norm = -1",
                                  "optimizer.weight_decay = -1",
                                  "optimizer.name = \"sgd\"",
                                  "schedule.name = \"linear\"",
                                  "schedule.step_epochs = 0",
                                  "schedule.warmup_steps = -1",
                                  "schedule.factor = 0",
                                  "schedule.decay = -1",
                                  "schedule.min_rate = -1",
                                  "data.batch_size = 0",
                                  "data.batch_size = 9000000000",
                                  "data.validation = 1.0",
                                  "data.validation = \"\"",
                                  "data.normalize = \"maybe\"",
                                  "data.shuffle_block = -1",
                                  "data.one_hot = -1",
                                  "data.unseen_rate = 1.0",
                                  "data.augment.crop = -1",
                                  "data.augment = {flip = 1}",
                                  "data.augment = {cutout = -8}",
                                  "model.hidden = [0]",
                                  "model.depth = -1",
                                  "model.dropout = -0.5",
                                  "model.init = \"maybe\"",
                                  "model.loss = \"maybe\"",
                                  "model.loss = {name = \"mae\", delta = 2}",
                                  "model.loss = {name = \"huber\", delta = 0}",
                                  "model.loss = {name = \"quantile\", levels = [0.9, 0.1]}",
                                  "model.loss = {name = \"huber\", size = 1}",
                                  "model.loss = {name = \"quantile\", levels = []}",
                                  "data.normalize_targets = \"unit\"",
                                  "train.class_weights = \"maybe\"",
                                  "train.class_weights = {yes = -1}",
                                  "train.class_weights = {yes = 1e-20}",
                                  "train.metric = \"validation.recall\"",
                                  "model.batch_norm.epsilon = 0",
                                  "model.batch_norm.running = \"maybe\"",
                                  "model.batch_norm.position = \"maybe\"",
                                  "train.epochs = 0",
                                  "train.steps = -1",
                                  "train.steps = 9223372036854775807",
                                  "checkpoint.keep = 9223372036854775807",
                                  "train.evaluate_every = 0",
                                  "train.log_every = 0",
                                  "train.max_seconds = -1",
                                  "train.early_stopping.patience = -1",
                                  "train.early_stopping = {min_delta = -1}",
                                  "parallel.leaves = -1",
                                  "parallel.stall_timeout = -1",
                                  "parallel.check_every = -1",
                                  "checkpoint.every_steps = -1",
                                  "checkpoint.every_seconds = -1",
                                  "checkpoint.every_epochs = -1",
                                  "checkpoint.keep = 0",
                                  "checkpoint.give_up = 0"}) {
    const std::string message = refusal(wrong);
    EXPECT_EQ(message.substr(0, 17), "64 digits.toml:1:") << wrong << " gave " << message;
    EXPECT_NE(message.find("; "), std::string::npos) << message;
  }
}

TEST(ConfigError, WaysToGiveLayersExcludeEachOther) {
  EXPECT_EQ(refusal("[model]\nhidden = [8]\ndepth = 2\nwidth = 4"),
            "64 digits.toml:3:9: model.hidden = [8] excludes model.depth = 2 and model.width = 4; use the one or the "
            "others");
  EXPECT_EQ(refusal("model.hidden = [8]", {"model.layers=[{type=\"dense\"}]"}),
            "64 digits.toml:1:16: model.hidden = [8] excludes model.layers; use the one or the other");
  EXPECT_EQ(refusal("model.hidden = [8]", {"model.layers=[{type=\"dense\"}]", "model.hidden=[]"}), "nothing");
  EXPECT_EQ(refusal("", {"model.depth=2"}),
            "64 --set model.depth=2: model.depth = 2 needs model.width, the units of each layer");
  EXPECT_EQ(refusal("", {"model.width=2"}),
            "64 --set model.width=2: model.width = 2 needs model.depth, the number of layers");
  const std::string layers = "[model]\nlayers = [{type = \"dense\"}]\n";
  EXPECT_EQ(refusal(layers + "depth = 1\nwidth = 1").substr(0, 33), "64 digits.toml:3:9: model.depth =");
  EXPECT_EQ(
      refusal(layers + "batch_norm = true"),
      "64 digits.toml:3:14: model.batch_norm.enabled = true excludes model.layers; add {type = \"batch_norm\"} to "
      "the list of layers");
  EXPECT_EQ(refusal(layers + "dropout = 0.5").substr(0, 36), "64 digits.toml:3:11: model.dropout =");
}

TEST(ConfigError, SyntaxErrorsNameThePlaceOnOneLine) {
  const std::string message = refusal("seed = 1\n[data\nfile = 3");
  EXPECT_EQ(message.substr(0, 17), "64 digits.toml:2:") << message;
  EXPECT_NE(message.find("not valid TOML: "), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_EQ(refusal("seed = 1\nseed = 2").substr(0, 17), "64 digits.toml:2:");
  EXPECT_EQ(refusal("seed = \"\xff\"").substr(0, 17), "64 digits.toml:1:");
}

TEST(ConfigError, SetNeedsAKeyAndAValue) {
  EXPECT_EQ(refusal("", {"seed"}), "64 --set seed: there is no value; use KEY=VALUE");
  EXPECT_EQ(refusal("", {"=3"}), "64 --set =3: \"\" is not a key; use one like optimizer.learning_rate");
  EXPECT_EQ(refusal("", {"a b=3"}), "64 --set a b=3: \"a b\" is not a key; use one like optimizer.learning_rate");
  EXPECT_EQ(refusal("", {"a = 1\nb=3"}).find('\n'), std::string::npos);
}

TEST(ConfigError, ChecksTheNamesInASweep) {
  EXPECT_EQ(refusal("[sweep]\ntrails = 3"),
            "64 digits.toml:2:1: unknown key \"sweep.trails\"; did you mean \"sweep.trials\"?");
  EXPECT_EQ(refusal("[sweep.space]\n\"optimizer.lerning_rate\" = {min = 1}"),
            "64 digits.toml:2:1: unknown key \"optimizer.lerning_rate\" in [sweep.space]; did you mean "
            "\"optimizer.learning_rate\"?");
  EXPECT_EQ(
      refusal("[sweep.space]\n\"data.batch_size\" = {choises = [1]}"),
      "64 digits.toml:2:22: unknown key \"choises\" in [sweep.space]; did you mean \"choices\"? use one of \"scale\", "
      "\"min\", \"max\", \"integer\", \"choices\"");
  EXPECT_EQ(refusal("", {"sweep.successive_halving.beta=3"}).substr(0, 46),
            "64 --set sweep.successive_halving.beta=3: unkn");
  EXPECT_EQ(refusal("sweep = 3"), "64 digits.toml:1:9: sweep is the whole number 3; use a table of keys");
  EXPECT_EQ(refusal("[sweep.space]\n\"optimizer.beta1\" = [0.9, 0.8]"),
            "64 digits.toml:2:21: sweep.space.optimizer.beta1 is a list; use {choices = [...]}");
  EXPECT_EQ(refusal("sweep.space.\"data.batch_size\" = 3"),
            "64 digits.toml:1:33: sweep.space.data.batch_size is a single value; use a table");
  EXPECT_EQ(refusal("", {"sweep.space.\"optimizer.l2\".foo.min=3"}),
            "64 --set sweep.space.\"optimizer.l2\".foo.min=3: unknown key \"foo\" in [sweep.space]; use one of "
            "\"scale\", \"min\", \"max\", \"integer\", \"choices\"");
  EXPECT_EQ(
      refusal("", {"sweep.space.model.dropout.min=0"}),
      "64 --set sweep.space.model.dropout.min=0: unknown key \"model\" in [sweep.space]; a key stands in quotes here, "
      "as in \"optimizer.learning_rate\"");
  EXPECT_EQ(
      refusal("", {"sweep.space.\"optimizer.l2\".min.max=3"}),
      "64 --set sweep.space.\"optimizer.l2\".min.max=3: sweep.space.\"optimizer.l2\".min has no key \"max\"; give "
      "min itself a value");
  EXPECT_EQ(refusal("sweep.trials = 2024-01-01").substr(0, 34), "64 digits.toml:1:16: sweep.trials ");
}

TEST(ConfigError, AMissingFileIsNoInput) {
  const tests::TemporaryFolder folder;
  const std::string missing = folder / "missing.toml";
  EXPECT_EQ(thrown([&] { load_config(missing, {}); }), "66 there is no file " + missing);
  EXPECT_EQ(thrown([&] { load_config(folder / "", {}); }).substr(0, 3), "66 ");
}

TEST(ConfigError, FilledInByAProgramIsCheckedTheSameWay) {
  Config config;
  config.optimizer.learning_rate = 0;
  EXPECT_EQ(thrown([&] { check_config(config); }),
            "64 optimizer.learning_rate is 0.0; use a number from 1.2e-38 to 3.4e+38");
  config = {};
  config.seed = std::numeric_limits<std::uint64_t>::max();  // more than a TOML number holds
  EXPECT_EQ(thrown([&] { check_config(config); }), "64 seed is 18446744073709551615; use a whole number of 0 or more");
  config = {};
  config.model.depth = 2;
  EXPECT_EQ(thrown([&] { check_config(config); }), "64 model.depth = 2 needs model.width, the units of each layer");
  EXPECT_EQ(thrown([] { check_config({}); }), "nothing");
}

}  // namespace
}  // namespace shoal
