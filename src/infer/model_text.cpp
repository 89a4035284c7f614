#include "shoal/infer/model_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/io/memory_limit.hpp"

namespace shoal {
namespace {

// Of a layer; what stands beside them are its settings.
constexpr const char* type = "type";
constexpr const char* own_name = "name";
constexpr const char* nested = "layers";
constexpr const char* shortcut = "shortcut";  // a list; a word is a setting
constexpr const char* branches = "branches";
// Of a model of images: (channels, height, width).
constexpr const char* image = "image";

Json to_json(const std::vector<LayerSpec>& layers);

Json to_json(const LayerSpec& layer) {
  Json json = Json::object({{type, layer.type}});
  if (!layer.name.empty()) json.set(own_name, layer.name);
  for (const auto& [key, setting] : layer.settings)
    std::visit([&, &key = key](const auto& value) { json.set(key, value); }, setting);
  if (!layer.layers.empty()) json.set(nested, to_json(layer.layers));
  if (!layer.shortcut.empty()) json.set(shortcut, to_json(layer.shortcut));
  if (!layer.branches.empty()) {
    Json lists = Json::array();
    for (const auto& branch : layer.branches) lists.push(to_json(branch));
    json.set(branches, std::move(lists));
  }
  return json;
}

Json to_json(const std::vector<LayerSpec>& layers) {
  Json list = Json::array();
  for (const LayerSpec& layer : layers) list.push(to_json(layer));
  return list;
}

Setting setting_of(const std::string& key, const Json& json) {
  if (const auto* flag = std::get_if<bool>(&json.value())) return *flag;
  if (const auto* whole = std::get_if<std::int64_t>(&json.value())) return *whole;
  if (const auto* real = std::get_if<double>(&json.value())) return *real;
  if (const auto* text = std::get_if<std::string>(&json.value())) return *text;
  throw JsonError("\"" + key + "\" is no setting of a layer");
}

std::vector<LayerSpec> layers_of(const Json& list);

LayerSpec layer_of(const Json& json) {
  LayerSpec layer{json.at(type).string()};
  for (const auto& [key, value] : json.members()) {
    if (key == type) continue;
    if (key == own_name) {
      layer.name = value.string();
    } else if (key == nested) {
      layer.layers = layers_of(value);
    } else if (key == shortcut && std::holds_alternative<Json::Array>(value.value())) {
      layer.shortcut = layers_of(value);
    } else if (key == branches) {
      for (const Json& branch : value.items()) layer.branches.push_back(layers_of(branch));
    } else {
      layer.settings[key] = setting_of(key, value);
    }
  }
  return layer;
}

std::vector<LayerSpec> layers_of(const Json& list) {
  std::vector<LayerSpec> layers;
  for (const Json& layer : list.items()) layers.push_back(layer_of(layer));
  return layers;
}

/// A word where that says it all.
Json to_json(const LossSettings& loss) {
  const LossSettings usual;
  Json json = Json::object({{"name", loss.name}});
  if (loss.delta != usual.delta) json.set("delta", loss.delta);
  if (!loss.levels.empty()) json.set("levels", loss.levels);
  if (loss.label_smoothing != usual.label_smoothing) json.set("label_smoothing", loss.label_smoothing);
  if (!loss.pos_weight.empty()) json.set("pos_weight", loss.pos_weight);
  return loss == LossSettings{.name = loss.name} ? Json(loss.name) : json;
}

LossSettings loss_of_json(const Json& json) {
  LossSettings loss;
  if (std::holds_alternative<std::string>(json.value())) {
    loss.name = json.string();
    return loss;
  }
  for (const auto& [key, value] : json.members()) {
    const auto numbers = [&value = value] {
      std::vector<double> list;
      for (const Json& number : value.items()) list.push_back(number.number());
      return list;
    };
    if (key == "name") {
      loss.name = value.string();
    } else if (key == "delta") {
      loss.delta = value.number();
    } else if (key == "levels") {
      loss.levels = numbers();
    } else if (key == "label_smoothing") {
      loss.label_smoothing = value.number();
    } else if (key == "pos_weight") {
      loss.pos_weight = numbers();
    } else {
      throw JsonError("\"" + key + "\" is no setting of a loss");
    }
  }
  return loss;
}

/// Of images the three numbers of their shape.
ValueShape input_of(const Json& json) {
  const std::int64_t inputs = json.at("inputs").integer();
  const Json* shape = json.find(image);
  if (shape == nullptr) return {true, 1, inputs};
  std::vector<std::int64_t> extents;
  for (const Json& extent : shape->items()) extents.push_back(extent.integer());
  const bool sound = extents.size() == 3 &&
                     std::all_of(extents.begin(), extents.end(), [&](std::int64_t e) { return e >= 1 && e <= inputs; });
  if (!sound || extents[0] > inputs / extents[1] || inputs % (extents[0] * extents[1]) != 0 ||
      extents[2] != inputs / (extents[0] * extents[1]))
    throw JsonError(fmt::format("an image of ({}) is not of {} inputs", fmt::join(extents, ", "), inputs));
  return image_shape(extents[0], extents[1], extents[2]);
}

/// Up to where the image ends.
std::int64_t count(const std::vector<LayerSpec>& layers) {
  std::int64_t all = 0;
  for (const LayerSpec& layer : layers) {
    if (layer.type == "flatten" || layer.type == "global_average_pool") break;
    all += 1 + count(layer.layers) + count(layer.shortcut);
    for (const auto& branch : layer.branches) all += count(branch);
  }
  return all;
}

/// A layer of an image lists its positions, in about 64 bytes each while it is made. Who wrote the text by hand may
/// have meant to fill the memory before a parameter is looked for.
void require_room(const std::vector<LayerSpec>& layers, const ValueShape& input) {
  constexpr double bytes_per_position = 64.0;
  const double bytes = static_cast<double>(count(layers)) * static_cast<double>(input.rows) * bytes_per_position;
  if (input.rows > 1 && bytes > static_cast<double>(usable_memory()))
    throw JsonError(fmt::format(
        "{} layers over {} positions take about {:.3g} GB to set up, more than the memory that this process "
        "may use",
        count(layers), input.rows, bytes * 1e-9));
}

}  // namespace

std::string model_text(const Model& model) {
  Json json = Json::object({{"inputs", model.inputs()},
                            {"outputs", model.outputs()},
                            {"loss", to_json(model.loss_kind().settings())},
                            {nested, to_json(model.layers())}});
  const ValueShape& input = model.input().shape();
  if (input.rows > 1) json.set(image, Json(std::vector<std::int64_t>{input.columns, input.height(), input.width}));
  return json.text();
}

Model model_of_text(const std::string& text, const std::string& name) {
  const auto refuse = [&](const std::exception& e) -> Error {
    return {ExitStatus::bad_data, fmt::format("{} describes no model that this shoal knows: {}", name, e.what())};
  };
  try {
    const Json json = Json::parse(text);
    const ValueShape input = input_of(json);
    std::vector<LayerSpec> layers = layers_of(json.at(nested));
    require_room(layers, input);
    return {input, std::move(layers), json.at("outputs").integer(), Loss::of(loss_of_json(json.at("loss")))};
  } catch (const JsonError& e) {
    throw refuse(e);
  } catch (const Error& e) {
    throw refuse(e);
  }
}

}  // namespace shoal
