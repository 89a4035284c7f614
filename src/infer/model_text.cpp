#include "shoal/infer/model_text.hpp"

#include <fmt/format.h>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"

namespace shoal {
namespace {

constexpr const char* type = "type";  // of a layer; what stands beside it are its settings

Json to_json(const LayerSpec& layer) {
  Json json = Json::object({{type, layer.type}});
  for (const auto& [key, setting] : layer.settings)
    std::visit([&, &key = key](const auto& value) { json.set(key, value); }, setting);
  return json;
}

Setting setting_of(const std::string& key, const Json& json) {
  if (const auto* flag = std::get_if<bool>(&json.value())) return *flag;
  if (const auto* whole = std::get_if<std::int64_t>(&json.value())) return *whole;
  if (const auto* real = std::get_if<double>(&json.value())) return *real;
  if (const auto* text = std::get_if<std::string>(&json.value())) return *text;
  throw JsonError("\"" + key + "\" is no setting of a layer");
}

LayerSpec layer_of(const Json& json) {
  LayerSpec layer{json.at(type).string(), {}};
  for (const auto& [key, value] : json.members()) {
    if (key != type) layer.settings[key] = setting_of(key, value);
  }
  return layer;
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

LossSettings loss_of(const Json& json) {
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

}  // namespace

std::string model_text(const Model& model) {
  Json layers = Json::array();
  for (const LayerSpec& layer : model.layers()) layers.push(to_json(layer));
  return Json::object({{"inputs", model.inputs()},
                       {"outputs", model.outputs()},
                       {"loss", to_json(model.loss_kind().settings())},
                       {"layers", std::move(layers)}})
      .text();
}

Model model_of_text(const std::string& text, const std::string& name) {
  const auto refuse = [&](const std::exception& e) -> Error {
    return {ExitStatus::bad_data, fmt::format("{} describes no model that this shoal knows: {}", name, e.what())};
  };
  try {
    const Json json = Json::parse(text);
    std::vector<LayerSpec> layers;
    for (const Json& layer : json.at("layers").items()) layers.push_back(layer_of(layer));
    return {json.at("inputs").integer(), std::move(layers), json.at("outputs").integer(),
            Loss::of(loss_of(json.at("loss")))};
  } catch (const JsonError& e) {
    throw refuse(e);
  } catch (const Error& e) {
    throw refuse(e);
  }
}

}  // namespace shoal
