#include "shoal/config/difference.hpp"

#include <fmt/format.h>

#include <vector>

#include "shoal/config/text.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// Of two lists that differ.
ConfigDifference layer_difference(const std::vector<LayerSpec>& a, const std::vector<LayerSpec>& b,
                                  const std::string& list_name) {
  std::size_t i = 0;
  while (i < a.size() && i < b.size() && a[i] == b[i]) ++i;
  const std::string place = fmt::format("{}[{}]", list_name, i);
  const auto told = [&](const std::vector<LayerSpec>& list) {
    return i < list.size() ? '{' + config_text::layer_head(list[i]) + '}' : "nothing";
  };
  ConfigDifference difference{place, told(a), told(b)};
  if (difference.first != difference.second) return difference;
  // Both hold layers, and differ in those.
  if (a[i].layers != b[i].layers) return layer_difference(a[i].layers, b[i].layers, place + ".layers");
  if (a[i].shortcut != b[i].shortcut) return layer_difference(a[i].shortcut, b[i].shortcut, place + ".shortcut");
  const auto& ours = a[i].branches;
  const auto& theirs = b[i].branches;
  std::size_t branch = 0;
  while (branch < ours.size() && branch < theirs.size() && ours[branch] == theirs[branch]) ++branch;
  if (branch < ours.size() && branch < theirs.size())
    return layer_difference(ours[branch], theirs[branch], fmt::format("{}.branches[{}]", place, branch));
  const auto branches = [](const auto& lists) { return counted(std::ssize(lists), "branch", "branches"); };
  return {place + ".branches", branches(ours), branches(theirs)};
}

}  // namespace

ConfigDifference first_difference(const Config& a, const Config& b, const std::string& key) {
  if (key == "model.layers" && a.model.layers != b.model.layers)
    return layer_difference(a.model.layers, b.model.layers, key);
  return {key, value_text(a, key), value_text(b, key)};
}

}  // namespace shoal
