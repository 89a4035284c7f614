#include "shoal/config/model_layers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/parse_text.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& text, const std::vector<std::string>& sets = {}) {
  try {
    parse(text, sets);
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    return e.what();
  }
  return "";
}

TEST(ModelLayers, APresetIsWrittenOutAndReadBack) {
  const Config config = parse("[model]\npreset = \"resnet8\"\nchannels = 4\ndropout = 0.5");
  const std::string text = to_toml(config);
  EXPECT_THAT(text, HasSubstr("preset = \"resnet8\"\nchannels = 4\nblocks = 0\n"));
  EXPECT_THAT(text, HasSubstr(R"(
  {type = "residual", layers = [
    {type = "conv", channels = 8, kernel = 3, stride = 2},
    {type = "batch_norm"},
    {type = "relu"},
    {type = "conv", channels = 8, kernel = 3},
    {type = "batch_norm"},
  ]},
  {type = "relu"},
)"));
  EXPECT_THAT(text, HasSubstr("{type = \"global_average_pool\"},\n  {type = \"dropout\", rate = 0.5},\n]\n"));
  EXPECT_EQ(parse(text), config);
  EXPECT_EQ(layers_of(parse(text).model), layers_of(config.model));
}

TEST(ModelLayers, WhatAWrittenPresetDependsOnMayBeSetAnew) {
  const std::string text = to_toml(parse("model.preset = \"resnet8\""));
  const Config wider = parse(text, {"model.channels=8"});
  EXPECT_EQ(layers_of(wider.model), layers_of(parse("model = {preset = \"resnet8\", channels = 8}").model));
  EXPECT_EQ(parse(text, {"model.preset=lenet"}), parse("model.preset = \"lenet\""));
  // Without the preset the layers that it made are those of the model.
  const Config without = parse(text, {"model.preset=none"});
  EXPECT_EQ(without.model.layers, layers_of(parse(text).model));
}

TEST(ModelLayers, LayersSetAnewReplaceThoseOfAWrittenPreset) {
  const std::string text = to_toml(parse("model.preset = \"lenet\""));
  EXPECT_TRUE(layers_of(parse(text, {"model.preset=none", "model.layers=[]"}).model).empty());
  EXPECT_TRUE(layers_of(parse(text, {"model.layers=[]", "model.preset=none"}).model).empty());
  EXPECT_EQ(layers_of(parse(text, {"model.preset=none", "model.hidden=[8]"}).model).size(), 2U);
}

TEST(ModelLayers, LayersThatAPresetDoesNotMakeAreRefused) {
  std::string text = to_toml(parse("model.preset = \"lenet\""));
  text.replace(text.find("kernel = 5"), 10, "kernel = 3");
  EXPECT_THAT(error_of(text),
              HasSubstr("model.layers is not what model.preset = \"lenet\" makes; leave out model.preset"));
  EXPECT_THAT(error_of("model.preset = \"lenet\"", {"model.layers=[{type = \"relu\"}]"}),
              HasSubstr("model.preset = \"lenet\" excludes model.layers"));
  EXPECT_THAT(error_of("model.preset = \"resnet19\""), HasSubstr("did you mean \"resnet"));
}

TEST(ModelLayers, MlpIsWhatHiddenSaysOrTwoLayers) {
  const auto units = [](const std::string& text) {
    std::vector<std::int64_t> found;
    for (const LayerSpec& layer : layers_of(parse(text).model)) {
      if (layer.type == "dense") found.push_back(std::get<std::int64_t>(layer.settings.at("units")));
    }
    return found;
  };
  EXPECT_EQ(units("model.preset = \"mlp\""), (std::vector<std::int64_t>{256, 128}));
  EXPECT_EQ(units("model = {preset = \"mlp\", hidden = [7]}"), std::vector<std::int64_t>{7});
  EXPECT_EQ(units("model = {preset = \"mlp\", depth = 2, width = 5}"), (std::vector<std::int64_t>{5, 5}));
  EXPECT_EQ(units(to_toml(parse("model.preset = \"mlp\""))), (std::vector<std::int64_t>{256, 128}));
}

TEST(ModelLayers, NoHiddenLayersInSoManyWordsAreNoneBesideMlp) {
  for (const char* said : {"depth = 0", "hidden = []"}) {
    const Config config = parse(std::string("model = {preset = \"mlp\", ") + said + "}");
    EXPECT_TRUE(layers_of(config.model).empty()) << said;
    EXPECT_EQ(parse(to_toml(config)), config);
  }
  EXPECT_TRUE(layers_of(parse(to_toml(parse("model.preset = \"mlp\"")), {"model.depth=0"}).model).empty());
  EXPECT_TRUE(layers_of(parse("", {"model.depth=0", "model.preset=mlp"}).model).empty());
  // A linear model as it is written says so too, and a preset said later is another model.
  EXPECT_EQ(layers_of(parse(to_toml(parse("")), {"model.preset=mlp"}).model).size(), 4U);
}

TEST(ModelLayers, SidesOfAKernelMayDiffer) {
  const Config config = parse("model.layers = [{type = \"conv\", channels = 4, kernel = [3, 5]}]");
  EXPECT_EQ(config.model.layers[0].settings.at("kernel"), Setting(std::string("3x5")));
  EXPECT_EQ(parse(to_toml(config)), config);
  EXPECT_EQ(parse("", {"model.layers=[{type = \"conv\", channels = 4, kernel = \"3x5\"}]"}), config);
}

TEST(ModelLayers, ASweepMaySearchWhatAPresetDependsOn) {
  const Config config = parse(R"(
[model]
preset = "resnet8"
[sweep.space]
"model.channels" = {choices = [8, 16]}
"model.blocks" = {min = 1, max = 3}
"model.dropout" = {min = 0.0, max = 0.5}
)");
  EXPECT_EQ(config.sweep.space.size(), 3U);
  EXPECT_EQ(parse(to_toml(config)), config);
}

}  // namespace
}  // namespace shoal
