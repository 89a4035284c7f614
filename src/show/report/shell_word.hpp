#pragma once

#include <string>

namespace shoal {

/// A word as a shell takes it: quoted where it has to be.
std::string shell_word(const std::string& word);

}  // namespace shoal
