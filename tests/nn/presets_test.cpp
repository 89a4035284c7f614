#include "shoal/nn/presets.hpp"

#include <gtest/gtest.h>

#include <map>

#include "shoal/core/error.hpp"
#include "shoal/nn/layer_place.hpp"

namespace shoal {
namespace {

std::map<std::string, int> count(const std::vector<LayerSpec>& layers) {
  std::map<std::string, int> types;
  for_each_layer(layers, [&](const LayerPlace& place) { ++types[place.layer().type]; });
  return types;
}

TEST(Presets, ResnetsHaveTheDepthOfTheirNames) {
  const std::map<std::string, int> depths = {{"resnet8", 8}, {"resnet20", 20}, {"resnet32", 32}};
  for (const auto& [name, depth] : depths) {
    auto types = count(preset_layers({.name = name}));
    EXPECT_EQ(types["conv"] + 1, depth) << "and the last, dense one";
    EXPECT_EQ(types["batch_norm"], types["conv"]);
    EXPECT_EQ(types["global_average_pool"], 1);
    EXPECT_EQ(types["dropout"], 0);
  }
}

TEST(Presets, ResnetsDoubleTheChannelsWhereTheyHalveTheImage) {
  std::vector<std::int64_t> channels;
  std::vector<std::int64_t> strides;
  for_each_layer(preset_layers({.name = "resnet8", .channels = 5, .blocks = 2}), [&](const LayerPlace& place) {
    if (place.layer().type != "conv") return;
    const Settings& settings = place.layer().settings;
    channels.push_back(std::get<std::int64_t>(settings.at("channels")));
    strides.push_back(settings.contains("stride") ? std::get<std::int64_t>(settings.at("stride")) : 1);
  });
  EXPECT_EQ(channels, (std::vector<std::int64_t>{5, 5, 5, 5, 5, 10, 10, 10, 10, 20, 20, 20, 20}));
  EXPECT_EQ(strides, (std::vector<std::int64_t>{1, 1, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1}));
}

TEST(Presets, DropoutStandsBeforeTheLastLayer) {
  for (const std::string& name : preset_names()) {
    const auto layers = preset_layers({.name = name, .dropout = 0.25});
    EXPECT_EQ(layers.back(), (LayerSpec{"dropout", {{"rate", 0.25}}})) << name;
    EXPECT_EQ(has_blocks(name), name != "lenet");
  }
  EXPECT_THROW(preset_layers({.name = "resnet9"}), Error);
}

}  // namespace
}  // namespace shoal
