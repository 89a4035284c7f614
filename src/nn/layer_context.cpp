#include "shoal/nn/layer_context.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "nn/refuse_model.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"
#include "shoal/core/utf8.hpp"
#include "shoal/nn/layers.hpp"

namespace shoal {
namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t deepest = 16;  // a checkpoint can be read again; see Json::parse

/// An error that says of which layer it is.
class PlacedError final : public Error {
 public:
  using Error::Error;
};

/// Names are groups of a HDF5 file, and parts of a path in it.
bool can_be_a_name(const std::string& name) {
  const bool printable = std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == '/';
  });
  return printable && is_utf8(name) && name != "." && name != ".." && name.size() <= longest_name;
}

}  // namespace

std::string LayerContext::next_name(const std::string& type) {
  ++number_;  // also for a layer with a name: that leaves others the names that they have without it
  if (!layer().name.empty()) return layer().name;
  made_name_ = fmt::format("{:02}_{}", number_, type);
  if (!names_.insert(made_name_).second)
    refuse_model(fmt::format("its name is \"{}\", as that of another layer; give one of them another", made_name_));
  return made_name_;
}

std::string LayerContext::type_behind(std::size_t i) const {
  std::optional<LayerPlace> at = *place_;
  for (; i > 0 && at; --i) at = at->next();
  return at ? at->layer().type : "";
}

Value LayerContext::build(const std::string& list_name, const std::vector<LayerSpec>& layers, Value input) {
  const LayerPlace* around = place_;
  std::size_t depth = 0;
  for (const LayerPlace* at = around; at != nullptr; at = at->around) ++depth;
  if (depth > deepest) refuse_model(fmt::format("nests more than {} deep", deepest));
  Value value = input;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerPlace here{&layers, i, list_name, around};
    place_ = &here;
    try {
      value = build_one(depth, value);
    } catch (const PlacedError&) {
      throw;
    } catch (const Error& e) {
      throw PlacedError(e.status(), place() + ": " + e.what());
    }
  }
  place_ = around;
  return value;
}

Value LayerContext::build_one(std::size_t depth, Value input) {
  take_name();
  made_name_.clear();
  const std::size_t row = summaries_.size();
  summaries_.push_back({layer().name, depth, {}});
  const Value value = build_layer(*this, input);
  LayerSummary& summary = summaries_[row];
  const bool holds_layers = summaries_.size() > row + 1;
  if (summary.name.empty()) summary.name = holds_layers || made_name_.empty() ? layer().type : made_name_;
  summary.output = value.shape();
  add_nodes(*graph_, summed_, summary);
  summed_ = graph_->nodes().size();
  return value;
}

void LayerContext::take_name() {
  const std::string& name = layer().name;
  if (name.empty()) return;
  if (!can_be_a_name(name))
    refuse_model(
        fmt::format("{} has the name \"{}\", which cannot be that of a group in a HDF5 file; use at most {} bytes of "
                    "UTF-8 without \"/\" and control characters",
                    layer().type, escape_non_utf8(name), longest_name));
  if (!names_.insert(name).second)
    refuse_model(fmt::format("the name \"{}\" is that of another layer; give each its own", name));
}

std::string LayerContext::place() const {
  LayerPlace root = *place_;
  while (root.around != nullptr) root = *root.around;
  if (root.at < listed_.first) return fmt::format("the layer {} before model.layers", root.layer().type);
  if (root.at >= listed_.last) return "the last layer";
  return place_->text(listed_.first);
}

double LayerContext::number(const std::string& key, double fallback, double least, double most) const {
  const auto found = layer().settings.find(key);
  if (found == layer().settings.end()) return fallback;
  double value = 0.0;
  if (const auto* real = std::get_if<double>(&found->second)) {
    value = *real;
  } else if (const auto* whole = std::get_if<std::int64_t>(&found->second)) {
    value = static_cast<double>(*whole);
  } else {
    refuse_model(fmt::format("{} of {} must be a number", key, layer().type));
  }
  if (!(value >= least && value <= most))
    refuse_model(fmt::format("{} of {} is {}; it must lie in [{}, {}]", key, layer().type, value, least, most));
  return value;
}

std::int64_t LayerContext::whole_number(const std::string& key, std::int64_t most) const {
  check_given({key}, key + " = 64");
  return whole_number(key, 1, 1, most);
}

std::int64_t LayerContext::whole_number(const std::string& key, std::int64_t fallback, std::int64_t least,
                                        std::int64_t most) const {
  const auto found = layer().settings.find(key);
  if (found == layer().settings.end()) return fallback;
  const auto* whole = std::get_if<std::int64_t>(&found->second);
  if (whole == nullptr || *whole < least)
    refuse_model(fmt::format("{} of {} must be a whole number, {} or more", key, layer().type, least));
  if (*whole > most) refuse_model(fmt::format("{} of {} is {}; the most is {}", key, layer().type, *whole, most));
  return *whole;
}

std::string LayerContext::text(const std::string& key, const std::string& fallback) const {
  const auto found = layer().settings.find(key);
  if (found == layer().settings.end()) return fallback;
  const auto* text = std::get_if<std::string>(&found->second);
  if (text == nullptr) refuse_model(fmt::format("{} of {} must be a text", key, layer().type));
  return *text;
}

bool LayerContext::flag(const std::string& key, bool fallback) const {
  const auto found = layer().settings.find(key);
  if (found == layer().settings.end()) return fallback;
  const auto* value = std::get_if<bool>(&found->second);
  if (value == nullptr) refuse_model(fmt::format("{} of {} must be true or false", key, layer().type));
  return *value;
}

void LayerContext::check_given(const std::vector<std::string>& keys, const std::string& example) const {
  for (const std::string& key : keys) {
    if (layer().settings.contains(key)) continue;
    refuse_model(fmt::format("{0} needs {1}, for example {{type = \"{0}\", {2}}}", layer().type, key, example));
  }
}

void LayerContext::check_keys(const std::vector<std::string>& known) const {
  std::vector<std::string> given;
  for (const auto& [key, value] : layer().settings) given.push_back(key);
  if (!layer().layers.empty()) given.emplace_back("layers");
  if (!layer().shortcut.empty()) given.emplace_back("shortcut");
  if (!layer().branches.empty()) given.emplace_back("branches");
  for (const std::string& key : given) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    refuse_model(fmt::format("{} has no setting \"{}\"{}", layer().type, key,
                             known.empty() ? "; it has none" : "; " + meant_or_all(key, known)));
  }
}

}  // namespace shoal
