#include "shoal/nn/presets.hpp"

#include <algorithm>

#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"

namespace shoal {
namespace {

LayerSpec conv(std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1) {
  LayerSpec layer{"conv", {{"channels", channels}, {"kernel", kernel}}};
  if (stride != 1) layer.settings["stride"] = stride;
  return layer;
}

std::vector<LayerSpec> resnet(std::int64_t channels, std::int64_t blocks) {
  const LayerSpec norm{"batch_norm"};
  const LayerSpec relu{"relu"};
  std::vector<LayerSpec> layers{conv(channels, 3), norm, relu};
  for (std::int64_t stage = 0; stage < 3; ++stage) {
    const std::int64_t width = channels << stage;
    for (std::int64_t block = 0; block < blocks; ++block) {
      const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      layers.push_back({.type = "residual", .layers = {conv(width, 3, stride), norm, relu, conv(width, 3), norm}});
      layers.push_back(relu);
    }
  }
  layers.push_back({"global_average_pool"});
  return layers;
}

std::vector<LayerSpec> lenet(std::int64_t channels, std::int64_t) {
  const LayerSpec relu{"relu"};
  const LayerSpec pool{"max_pool", {{"size", std::int64_t{2}}}};
  return {conv(channels, 5),
          relu,
          pool,
          conv(2 * channels, 5),
          relu,
          pool,
          {"flatten"},
          {"dense", {{"units", std::int64_t{128}}}},
          relu};
}

struct Known {
  const char* name;
  std::int64_t channels;
  std::int64_t blocks;
  std::vector<LayerSpec> (*layers)(std::int64_t channels, std::int64_t blocks);
};

constexpr Known known[] = {
    {"resnet8", 16, 1, resnet}, {"resnet20", 16, 3, resnet}, {"resnet32", 16, 5, resnet}, {"lenet", 32, 0, lenet}};

const Known& named(const std::string& name) {
  for (const Known& one : known) {
    if (name == one.name) return one;
  }
  throw Error(ExitStatus::usage, "unknown preset \"" + name + "\"; " + meant_or_all(name, preset_names()));
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Known& one : known) names.emplace_back(one.name);
  return names;
}

bool has_blocks(const std::string& preset) { return named(preset).blocks > 0; }

std::vector<LayerSpec> preset_layers(const Preset& preset) {
  const Known& one = named(preset.name);
  std::vector<LayerSpec> layers =
      one.layers(preset.channels > 0 ? preset.channels : one.channels, preset.blocks > 0 ? preset.blocks : one.blocks);
  if (preset.dropout > 0.0) layers.push_back({"dropout", {{"rate", preset.dropout}}});
  return layers;
}

}  // namespace shoal
