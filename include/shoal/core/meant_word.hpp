#pragma once

#include <string>
#include <vector>

namespace shoal {

/// The words of a config that people who come from other programs mean by `typed`: "lr" is learning_rate, "sgd" is gd
/// or momentum. First `typed` itself, in small letters and with underscores.
std::vector<std::string> known_as(const std::string& typed);

/// `did you mean "gd" or "momentum"?`: the candidates that `typed` is another name of, else the nearest by edit
/// distance; empty when there is none.
std::string did_you_mean(const std::string& typed, const std::vector<std::string>& candidates);

/// The same, with all candidates behind it: `did you mean "relu"? use one of "gelu", "relu"`.
std::string meant_or_all(const std::string& typed, const std::vector<std::string>& candidates);

}  // namespace shoal
