#include "shoal/config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "config/parse_text.hpp"
#include "shoal/config/difference.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/core/error.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// A config in which every key that can be set beside the others differs from its default.
Config unusual() {
  Config c;
  c.seed = 9223372036854775807;
  c.data = {"/somewhere/a \"b\"\\\n.h5", 100, 0.1, "unit", 4096, 7, 0.25, {3, true, 5}, "standard", {2, 5}, 7,
            {"more", "a \"b\""}};
  c.model.hidden = {256, 128};
  c.model.activation = "gelu";
  c.model.dropout = 0.1 + 0.2;
  c.model.init = "normal";
  c.model.loss = {.name = "quantile", .levels = {0.05, 0.5}};
  c.model.batch_norm = {true, "after_activation", 1e-30, 1.0, "exact"};
  c.optimizer = {"adamw", 3e-4, 0.0, 0.99, 1.0, 0.5, true, 1.0 / 3, 1e-5, 1e22, 0.02, 1.2e-38};
  c.schedule = {"cosine", 7, 3, 0.7, 3.4e38, 1e-7, 0.9, 0.1 + 0.2, 3, 1e15};
  c.train = {
      20, 1000, 2, 10, 3600.5, true, {5, 1e-4}, {false, {{"a \"b\"", 0.0}, {"ja", 2.5}}}, Metric::validation_auc, 0.99};
  c.parallel = {8, 60, 0};
  c.checkpoint = {100, 0.25, 0, 5, 1};
  c.sweep.trials = 3;
  c.sweep.search = Search::grid;
  c.sweep.round = 2;
  c.sweep.metric = Metric::train_loss;
  c.sweep.ranks_per_trial = 2;
  c.sweep.keep = 4;
  c.sweep.successive_halving = {true, 4, 2};
  c.sweep.folds = 3;
  c.sweep.final_fit = FinalFit::no;
  c.sweep.population = {5, 2, 0.5};
  c.sweep.space = {{.key = "model.activation", .scale = Scale::choices, .choices = {"\"relu\"", "\"tanh\""}},
                   {.key = "optimizer.l2", .scale = Scale::log, .min = 1e-30, .max = 0.1 + 0.2},
                   {.key = "train.epochs", .scale = Scale::linear, .min = 1, .max = 9, .integer = true}};
  return c;
}

TEST(Config, DefaultsAreThoseOfTheStructs) {
  EXPECT_EQ(parse(""), Config());
  EXPECT_EQ(load_config(std::nullopt, {}), Config());
  EXPECT_EQ(Config().optimizer.learning_rate, 1e-3);
}

TEST(Config, WritesEveryKeyInOneOrder) {
  EXPECT_EQ(to_toml(Config()), R"(seed = 1

[data]
file = ""
batch_size = 64
validation = "auto"
normalize = "standard"
normalize_targets = "auto"
shuffle_block = 0
one_hot = 32
unseen_rate = 0.01
augment.crop = 0
augment.flip = false
augment.cutout = 0

[model]
hidden = []
activation = "relu"
dropout = 0.0
init = "auto"
loss = "auto"
batch_norm.enabled = false
batch_norm.position = "before_activation"
batch_norm.epsilon = 1e-05
batch_norm.momentum = 0.1
batch_norm.running = "average"

[optimizer]
name = "adam"
learning_rate = 0.001
beta1 = 0.9
beta2 = 0.999
epsilon = 1e-08
momentum = 0.9
nesterov = false
rho = 0.99
l2 = 0.0
weight_decay = 0.01
trust_coefficient = 0.001
clip_norm = 0.0

[schedule]
name = "constant"
warmup_steps = 0
step_epochs = 10
factor = 0.1
decay = 0.1
min_rate = 0.0
power = 1.0
rise_fraction = 0.3
start_divisor = 25.0
end_divisor = 10000.0

[train]
epochs = 10
steps = 0
evaluate_every = 1
log_every = 1
max_seconds = 0.0
tensorboard = false
early_stopping.patience = 0
early_stopping.min_delta = 0.0
class_weights = "none"
metric = "validation.loss"
average_decay = 0.0

[parallel]
leaves = 0
stall_timeout = 120.0
check_every = 100

[checkpoint]
every_steps = 0
every_seconds = 0.0
every_epochs = 1
keep = 3
give_up = 3
)");
}

/// Each way in which a layer holds layers, two deep.
LayerSpec nested_layer() {
  const LayerSpec dense{.type = "dense", .settings = {{"units", std::int64_t{8}}}, .name = "the \"one\""};
  const LayerSpec inner{.type = "residual", .settings = {{"shortcut", "identity"}}, .layers = {dense, {"relu"}}};
  const LayerSpec concat{.type = "concat", .branches = {{inner, {"tanh"}}, {}, {{"relu"}}}};
  return {.type = "residual", .name = "block", .layers = {concat, {"relu"}}, .shortcut = {{"tanh"}, concat}};
}

TEST(Config, OfLayersTheFirstThatDiffersIsNamed) {
  Config a;
  a.model.layers = {{"relu"}, nested_layer(), {"dense", {{"units", std::int64_t{8}}}}};
  const auto said = [&](const std::function<void(std::vector<LayerSpec>&)>& change) {
    Config b = a;
    change(b.model.layers);
    const ConfigDifference found = first_difference(a, b, "model.layers");
    return found.place + ": " + found.first + " | " + found.second;
  };
  EXPECT_EQ(said([](auto& layers) { layers[2].settings["units"] = std::int64_t{9}; }),
            "model.layers[2]: {type = \"dense\", units = 8} | {type = \"dense\", units = 9}");
  EXPECT_EQ(said([](auto& layers) { layers.pop_back(); }), "model.layers[2]: {type = \"dense\", units = 8} | nothing");
  EXPECT_EQ(said([](auto& layers) { layers[1].layers[1] = {"tanh"}; }),
            "model.layers[1].layers[1]: {type = \"relu\"} | {type = \"tanh\"}");
  EXPECT_EQ(said([](auto& layers) { layers[1].shortcut.erase(layers[1].shortcut.begin()); }),
            "model.layers[1].shortcut[0]: {type = \"tanh\"} | {type = \"concat\"}");
  EXPECT_EQ(
      said([](auto& layers) { layers[1].layers[0].branches[0][0].layers.clear(); }),
      "model.layers[1].layers[0].branches[0][0].layers[0]: {type = \"dense\", name = \"the \\\"one\\\"\", units = "
      "8} | nothing");
  EXPECT_EQ(said([](auto& layers) { layers[1].layers[0].branches.pop_back(); }),
            "model.layers[1].layers[0].branches: 3 branches | 2 branches");
  Config b = a;
  b.optimizer.l2 = 0.5;
  EXPECT_EQ(first_difference(a, b, "optimizer.l2").second, "0.5");
}

TEST(Config, ReadsBackWhatItWrote) {
  std::vector<Config> configs(9, unusual());
  configs[1].data.validation = "held out";
  configs[1].data.file = "";
  configs[2].model.hidden = {};
  configs[2].model.depth = 3;
  configs[2].model.width = 17;
  configs[3].model = {};
  configs[3].model.layers = {
      {"dense", {{"units", std::int64_t{256}}, {"bias", true}, {"scale", 2.0}, {"odd key", std::string("a'b")}}},
      {"batch_norm", {}}};
  configs[4].model = {};
  configs[5].sweep = {};
  configs[5].sweep.space = {{.key = "model.dropout", .min = 0.1, .max = 0.2}};
  configs[6].model = {};
  configs[6].model.layers = {nested_layer()};
  configs[7].model = {};
  configs[7].model.preset = "resnet8";
  configs[7].model.channels = 8;
  configs[7].model.blocks = 2;
  configs[7].model.dropout = 0.25;
  configs[8].model.preset = "mlp";
  for (const Config& config : configs) {
    EXPECT_NO_THROW(check_config(config));
    const std::string text = to_toml(config);
    EXPECT_EQ(parse(text), config) << text;
    EXPECT_EQ(to_toml(parse(text)), text);
  }
}

TEST(Config, SaysOfEveryKeyWhatItIs) {
  for (const auto& key : config_keys::keys()) {
    EXPECT_NE(config_keys::about(key), "") << key.name << " needs a line in src/config/about.cpp";
    EXPECT_FALSE(config_keys::about(key).ends_with('.')) << key.name;
  }
}

TEST(Config, UnusualDiffersInEveryKey) {  // so that the test above cannot pass by defaults
  std::vector<std::string> expected;
  for (const auto& key : config_keys::keys()) {
    const bool excluded = key.name == "model.depth" || key.name == "model.width" || key.name == "model.layers" ||
                          key.name == "model.preset" || key.name == "model.channels" || key.name == "model.blocks";
    if (!excluded) expected.push_back(key.name);
  }
  EXPECT_EQ(differing_keys(unusual(), Config()), expected);
}

TEST(Config, TakesAFoldAsWhichOfHowMany) {
  EXPECT_EQ(parse("data.fold = \"2/5\"").data.fold, (Fold{2, 5}));
  EXPECT_EQ(parse("data.fold = \"10/10\"").data.fold, (Fold{10, 10}));
  EXPECT_EQ(parse("data.fold = \"2/5\"", {"data.fold=none"}).data.fold, Fold());
  for (const char* wrong :
       {"0/5", "6/5", "1/1", "2", "2/", "/5", "2/5 ", "-1/5", "2/5/7", "", "2/99999999999999999999"})
    EXPECT_THROW(parse(std::string("data.fold = \"") + wrong + '"'), Error) << wrong;
  EXPECT_THROW(parse("data.fold = 2"), Error);
}

TEST(Config, TakesOneSplitToTrainOnOrAList) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(parse("").data.train, Names{"train"});
  EXPECT_EQ(parse("data.train = \"extra\"").data.train, Names{"extra"});
  EXPECT_EQ(parse("data.train = [\"extra\"]").data.train, Names{"extra"});
  const Config two = parse("data.train = \"x\"", {"data.train=[\"train\", \"validation\"]"});
  EXPECT_EQ(two.data.train, (Names{"train", "validation"}));
  EXPECT_EQ(value_text(two, "data.train"), "[\"train\", \"validation\"]");
  EXPECT_EQ(parse(to_toml(two)), two);
  EXPECT_THAT(differing_keys(two, Config()), ElementsAre("data.train"));
  EXPECT_THAT(to_toml(Config()), Not(HasSubstr("\ntrain ="))) << "a config of before reads and writes as it did";
  for (const char* wrong : {"[]", "\"\"", "[\"train\", \"\"]", "[\"a\", \"b\", \"a\"]", "3", "[1]", "true"})
    EXPECT_THROW(parse(std::string("data.train = ") + wrong), Error) << wrong;
}

TEST(Config, WhatIsTrainedOnIsNotValidatedOn) {
  const auto refused = [](const std::string& text) -> std::string {
    try {
      parse(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refused("data.train = [\"train\", \"more\"]\ndata.validation = \"more\""),
            "test.toml:2:19: data.validation = \"more\" is trained on as well, by data.train = [\"train\", \"more\"]; "
            "validate on another split, or on a share of the rows, like data.validation = 0.1");
  EXPECT_THAT(refused("data = {train = \"more\", validation = \"more\"}"), HasSubstr("by data.train = \"more\";"));
  EXPECT_EQ(refused("data.validation = \"train\""), "") << "the loss of train, as checkpoints may have it";
  EXPECT_EQ(refused("data = {train = \"more\", validation = \"train\"}"), "");
  Config config;
  config.data.train = {"more", "train"};
  config.data.validation = std::string("train");
  EXPECT_THROW(check_config(config), Error) << "also of a program";
}

TEST(Config, TheSplitSeedIsTheSeedUnlessItIsSaid) {
  EXPECT_EQ(split_seed_of(parse("seed = 7")), 7U);
  EXPECT_EQ(split_seed_of(parse("seed = 7\ndata.split_seed = 0")), 0U);
  EXPECT_THROW(parse("data.split_seed = -2"), Error);
}

TEST(Config, TakesBatchNormAsATruthValueOrATable) {
  EXPECT_TRUE(parse("model.batch_norm = true").model.batch_norm.enabled);
  EXPECT_FALSE(parse("model.batch_norm = false").model.batch_norm.enabled);
  const Config table = parse("[model]\nbatch_norm = {position = \"after_activation\", momentum = 0.2}");
  EXPECT_TRUE(table.model.batch_norm.enabled);
  EXPECT_EQ(table.model.batch_norm.position, "after_activation");
  EXPECT_EQ(table.model.batch_norm.momentum, 0.2);
  EXPECT_TRUE(parse("model.batch_norm = {}").model.batch_norm.enabled);
  EXPECT_TRUE(parse("", {"model.batch_norm.running=exact"}).model.batch_norm.enabled);
  EXPECT_FALSE(parse("model.batch_norm = {momentum = 0.2, enabled = false}").model.batch_norm.enabled);
  EXPECT_FALSE(parse("model.batch_norm = false", {"model.batch_norm.momentum=0.2"}).model.batch_norm.enabled);
  EXPECT_TRUE(parse("model.batch_norm = false", {"model.batch_norm={momentum=0.2}"}).model.batch_norm.enabled);
  EXPECT_FALSE(parse("model.batch_norm = {momentum = 0.2}", {"model.batch_norm=false"}).model.batch_norm.enabled);
}

TEST(Config, ValidationIsAFractionOrASplitOrOpen) {
  EXPECT_EQ(parse("data.validation = 0.1").data.validation, Validation(0.1));
  EXPECT_EQ(parse("data.validation = 0").data.validation, Validation(0.0));
  EXPECT_EQ(parse("data.validation = \"test\"").data.validation, Validation("test"));
  EXPECT_EQ(parse("data.validation = \"auto\"").data.validation, Validation());
}

TEST(Config, WritesNestedLayersAsTheyAreRead) {
  Config config;
  config.model.layers = {{.type = "residual",
                          .settings = {{"shortcut", "conv"}},
                          .name = "block",
                          .layers = {{"dense", {{"units", std::int64_t{8}}}}, {"relu"}}},
                         {.type = "concat", .branches = {{{"relu"}}, {}}}};
  EXPECT_EQ(value_text(config, "model.layers"), R"([
  {type = "residual", name = "block", shortcut = "conv", layers = [
    {type = "dense", units = 8},
    {type = "relu"},
  ]},
  {type = "concat", branches = [
    [
      {type = "relu"},
    ],
    [],
  ]},
])");
}

TEST(Config, ReadsLayers) {
  const auto layers = parse("[model]\nlayers = [{type = \"dense\", units = 256}, {type = \"dropout\", rate = 0.5}]");
  ASSERT_EQ(layers.model.layers.size(), 2U);
  EXPECT_EQ(layers.model.layers[0].type, "dense");
  EXPECT_EQ(layers.model.layers[0].settings, (Settings{{"units", std::int64_t{256}}}));
  EXPECT_EQ(layers.model.layers[1].settings, (Settings{{"rate", 0.5}}));
  EXPECT_EQ(parse("[[model.layers]]\ntype = \"batch_norm\"").model.layers[0].type, "batch_norm");
}

TEST(Config, SetOverridesTheFileAndLaterOnesWin) {
  const Config c = parse("train.epochs = 3\nmodel.hidden = [8]",
                         {"train.epochs=4", "optimizer.name=gd", "train.epochs=5", "model.hidden=[2, 3]",
                          "optimizer.learning_rate=1", "data.validation=0.25", "parallel.stall_timeout = 7.5"});
  EXPECT_EQ(c.train.epochs, 5);
  EXPECT_EQ(c.optimizer.name, "gd");
  EXPECT_THAT(c.model.hidden, ElementsAre(2, 3));
  EXPECT_EQ(c.optimizer.learning_rate, 1.0);
  EXPECT_EQ(c.data.validation, Validation(0.25));
  EXPECT_EQ(c.parallel.stall_timeout, 7.5);
}

TEST(Config, ASetValueThatIsNotTomlIsAString) {
  EXPECT_EQ(parse("", {"data.file=/a b=c#d.h5"}).data.file, "/a b=c#d.h5");
  EXPECT_EQ(parse("", {"data.file=/x\"y"}).data.file, "/x\"y");
  EXPECT_EQ(parse("", {"data.file=\"/quoted.h5\""}).data.file, "/quoted.h5");
  EXPECT_EQ(parse("", {"data.validation=validation"}).data.validation, Validation("validation"));
  EXPECT_EQ(parse("", {"data.file="}).data.file, "");
  EXPECT_EQ(parse("", {"data.file=/a\nseed = 9"}).seed, 1U);  // no lines of its own
  EXPECT_EQ(parse("", {"data.validation=1\nseed = 9"}).data.validation, Validation("1\nseed = 9"));
}

TEST(Config, TextsAreUtf8) {
  Config config;
  config.data.file = "/caf\xC3\xA9.h5";
  EXPECT_NO_THROW(check_config(config));
  config.data.file = "/caf\xE9.h5";  // by a program; the parser refuses it in a file
  EXPECT_THROW(check_config(config), Error);
  config.data.file = "/d.h5";
  config.data.validation = "caf\xE9";
  EXPECT_THROW(check_config(config), Error);
  EXPECT_THROW(parse("", {"data.file=/caf\xE9.h5"}), Error);
  EXPECT_THROW(parse("", {"model.layers=[{type=\"caf\xE9\"}]"}), Error);
}

TEST(Config, PathsAreRelativeToTheFileAndFromSetToTheWorkingDirectory) {
  EXPECT_EQ(parse("data.file = \"x/./digits.h5\"").data.file, "/base/x/digits.h5");
  EXPECT_EQ(parse("data.file = \"/abs/digits.h5\"").data.file, "/abs/digits.h5");
  EXPECT_EQ(parse("", {"data.file=x/../digits.h5"}).data.file, std::filesystem::current_path() / "x/../digits.h5");
  EXPECT_EQ(parse("data.file = \"/usr/lib/../x.h5\"").data.file,
            (std::filesystem::canonical("/usr/lib").parent_path() / "x.h5").string());

  const tests::TemporaryFolder folder;
  tests::write(folder / "a.toml", "data.file = \"digits.h5\"\n");
  EXPECT_EQ(load_config(folder / "a.toml", {}).data.file, folder / "digits.h5");
}

TEST(Config, WritesTheSweepInOneForm) {
  const std::string text = R"([sweep]
trials = 20
search = "random"
round = 0
metric = "validation.loss"
ranks_per_trial = 1
keep = 5
successive_halving.enabled = true
successive_halving.eta = 3
successive_halving.min_epochs = 1
population = 0
generation = 0
exploit = 0.25
folds = 0
final_fit = "auto"

[sweep.space]
"data.batch_size" = {choices = [64, 128, 256]}
"optimizer.learning_rate" = {scale = "log", min = 0.0001, max = 0.1}
)";
  EXPECT_TRUE(to_toml(parse(text)).ends_with("\n\n" + text)) << to_toml(parse(text));
  const std::string dotted =
      "sweep.space.\"optimizer.learning_rate\" = {scale = \"log\", min = 1e-4, max = 1e-1}\n"
      "sweep.space.\"data.batch_size\".choices = [64, 128, 256]\n";
  EXPECT_EQ(parse(dotted, {"sweep.trials=20", "sweep.search=random", "sweep.metric=validation.loss",
                           "sweep.successive_halving={}", "sweep.successive_halving.min_epochs=1"}),
            parse(text));
  EXPECT_EQ(parse("[sweep]\nsuccessive_halving = {eta = 3, min_epochs = 1}\ntrials = 20\n[sweep.space]\n"
                  "\"data.batch_size\" = {choices = [64, 128, 256]}\n"
                  "\"optimizer.learning_rate\" = {max = 0.1, min = 0.0001, scale = \"log\"}\n"),
            parse(text))
      << "as sweeps before wrote it";
  Config other = parse(text, {"sweep.space.\"data.batch_size\".choices=[32]"});
  EXPECT_EQ(other.sweep.space.front().choices, std::vector<std::string>{"32"});
  set_keys(other, "sweep.space={\"optimizer.l2\" = {min = 0, max = 1}}");
  EXPECT_THAT(other.sweep.space, ElementsAre(Dimension{.key = "optimizer.l2", .max = 1.0}));
}

TEST(Config, DepthAndWidthMayComeFromTheSweep) {
  EXPECT_NO_THROW(parse("model.depth = 2\nsweep.space.\"model.width\" = {min = 1, max = 9}"));
  EXPECT_NO_THROW(parse("model.width = 2\nsweep.space.\"model.depth\" = {min = 1, max = 9}"));
}

TEST(Config, NamesTheKeysThatDiffer) {
  Config other;
  other.optimizer.beta2 = 0.99;
  other.model.hidden = {5};
  EXPECT_THAT(differing_keys(Config(), other), ElementsAre("model.hidden", "optimizer.beta2"));
  EXPECT_FALSE(Config() == other);
  EXPECT_THAT(differing_keys(other, other), ElementsAre());
}

TEST(Config, OfAVersionThatLeftTargetsAsTheyAreSaysSo) {
  Config old = parse_config("seed = 1\n", "c.toml", "/");
  take_targets_as_before(old);
  EXPECT_EQ(old.data.normalize_targets, "none");
  Config written = parse_config(to_toml(Config()), "c.toml", "/");
  take_targets_as_before(written);
  EXPECT_EQ(written.data.normalize_targets, "auto");
}

TEST(Config, WeightsOfClassesAreWhatAGradientHolds) {
  EXPECT_NO_THROW(parse_config("train.class_weights = {a = 0, b = 1e15}", "c.toml", "/"));
  EXPECT_NO_THROW(parse_config("train.class_weights = {a = 0}", "c.toml", "/")) << "the other classes have 1";
  for (const char* weight : {"1e-44", "-1", "1e16", "inf"})
    EXPECT_THROW(parse_config(std::string("train.class_weights = {a = 1, b = ") + weight + "}", "c.toml", "/"), Error)
        << weight;
}

TEST(Config, KnowsWhatChangesNoBitAndWhatMayBeNudged) {
  const Config plain;
  Config stopping;
  stopping.train.early_stopping.patience = 3;
  std::vector<std::string> bits;
  std::vector<std::string> fixed;
  for (const auto& key : config_keys::keys()) {
    if (changes_no_bit(key.name, plain)) bits.push_back(key.name);
    if (!may_be_nudged(key.name) && !changes_no_bit(key.name, plain)) fixed.push_back(key.name);
  }
  EXPECT_THAT(
      bits, ElementsAre("data.file", "train.evaluate_every", "train.log_every", "train.max_seconds",
                        "train.tensorboard", "parallel.stall_timeout", "parallel.check_every", "checkpoint.every_steps",
                        "checkpoint.every_seconds", "checkpoint.every_epochs", "checkpoint.keep", "checkpoint.give_up",
                        "sweep.trials", "sweep.search", "sweep.round", "sweep.metric", "sweep.ranks_per_trial",
                        "sweep.keep", "sweep.successive_halving.enabled", "sweep.successive_halving.eta",
                        "sweep.successive_halving.min_epochs", "sweep.population", "sweep.generation", "sweep.exploit",
                        "sweep.folds", "sweep.final_fit", "sweep.space"));
  EXPECT_THAT(
      fixed,
      ElementsAre("seed", "data.train", "data.batch_size", "data.validation", "data.fold", "data.split_seed",
                  "data.normalize", "data.normalize_targets", "data.shuffle_block", "data.one_hot", "data.unseen_rate",
                  "data.augment.crop", "data.augment.flip", "data.augment.cutout", "model.preset", "model.channels",
                  "model.blocks", "model.hidden", "model.depth", "model.width", "model.activation", "model.init",
                  "model.loss", "model.batch_norm.enabled", "model.batch_norm.position", "model.batch_norm.epsilon",
                  "model.batch_norm.momentum", "model.batch_norm.running", "model.layers", "optimizer.name",
                  "train.class_weights", "train.metric", "parallel.leaves"));
  EXPECT_FALSE(changes_no_bit("train.evaluate_every", stopping));
  EXPECT_FALSE(changes_no_bit("no.such", plain));
  EXPECT_FALSE(may_be_nudged("train.max_seconds"));
}

TEST(Config, ALossIsAWordOrATable) {
  EXPECT_EQ(parse("model.loss = \"huber\"").model.loss, LossSettings{.name = "huber"});
  const Config c = parse("model.loss = {name = \"huber\", delta = 2}");
  EXPECT_EQ(c.model.loss, (LossSettings{.name = "huber", .delta = 2.0}));
  EXPECT_EQ(value_text(c, "model.loss"), "{name = \"huber\", delta = 2.0}");
  EXPECT_EQ(parse("[model.loss]\nname = \"quantile\"\nlevels = [0.1, 0.9]").model.loss.levels,
            (std::vector<double>{0.1, 0.9}));
  EXPECT_EQ(parse("model.loss = {name = \"sigmoid\", pos_weight = 3}").model.loss.pos_weight, std::vector<double>{3.0});
  EXPECT_EQ(parse("model.loss = {label_smoothing = 0.1}").model.loss,
            (LossSettings{.name = "auto", .label_smoothing = 0.1}));
}

TEST(Config, ClassesHaveWeightsByName) {
  EXPECT_TRUE(parse("train.class_weights = \"balanced\"").train.class_weights.balanced);
  EXPECT_FALSE(parse("train.class_weights = \"none\"").train.class_weights.any());
  EXPECT_EQ(parse("[train.class_weights]\nyes = 5\nno = 0.5").train.class_weights.of,
            (std::map<std::string, double>{{"no", 0.5}, {"yes", 5.0}}));
}

}  // namespace
}  // namespace shoal
