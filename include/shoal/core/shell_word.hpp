#pragma once

#include <string>

namespace shoal {

/// A word as a shell takes it: quoted where it has to be.
std::string shell_word(const std::string& word);
/// 'text', whatever is in it.
std::string in_quotes(const std::string& text);

}  // namespace shoal
