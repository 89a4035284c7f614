#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/nn/layer_spec.hpp"

namespace shoal::config_text {

// Values as TOML: one line but for `layers`, numbers as the shortest text that reads back equal.

/// A basic string, in double quotes, with control characters escaped.
std::string quote(std::string_view text);
/// A key, quoted where it has to be.
std::string key(std::string_view name);

/// Of a layer what is not a list of layers: `type = "dense", units = 64`.
std::string layer_head(const LayerSpec& layer);

std::string value(bool v);
std::string value(std::int64_t v);
std::string value(std::uint64_t v);
std::string value(double v);  ///< always with a point or an exponent: never read back as a whole number
std::string value(const std::string& v);
std::string value(const std::vector<std::int64_t>& v);
std::string value(const std::vector<std::string>& v);  ///< one as itself, without a list
std::string value(const std::vector<LayerSpec>& v);
std::string value(const std::vector<double>& v);
std::string value(const Validation& v);
std::string value(const LossSettings& v);  ///< a word where that says it all, else a table
std::string value(const ClassWeights& v);
std::string value(Search v);
std::string value(Metric v);
std::string value(const Fold& v);
std::string value(FinalFit v);
std::string value(const std::vector<Dimension>& v);  ///< a line for each

}  // namespace shoal::config_text
