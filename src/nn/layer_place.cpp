#include "shoal/nn/layer_place.hpp"

#include <fmt/format.h>

namespace shoal {
namespace {

using Visit = std::function<void(const LayerPlace&)>;

void visit_list(const std::vector<LayerSpec>& layers, const std::string& name, const LayerPlace* around,
                const Visit& visit) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerPlace place{&layers, i, name, around};
    visit(place);
    visit_list(layers[i].layers, "layers", &place, visit);
    visit_list(layers[i].shortcut, "shortcut", &place, visit);
    for (std::size_t b = 0; b < layers[i].branches.size(); ++b)
      visit_list(layers[i].branches[b], fmt::format("branches[{}]", b), &place, visit);
  }
}

}  // namespace

std::optional<LayerPlace> LayerPlace::next() const {
  if (at + 1 < list->size()) return LayerPlace{list, at + 1, list_name, around};
  return around == nullptr ? std::nullopt : around->next();
}

bool LayerPlace::before(const std::string& type) const {
  const auto behind = next();
  return behind && behind->layer().type == type;
}

std::string LayerPlace::text(std::size_t first) const {
  if (around == nullptr) return fmt::format("{}[{}]", list_name, at - first);
  return fmt::format("{}.{}[{}]", around->text(first), list_name, at);
}

void for_each_layer(const std::vector<LayerSpec>& layers, const Visit& visit) {
  visit_list(layers, LayerPlace().list_name, nullptr, visit);
}

}  // namespace shoal
