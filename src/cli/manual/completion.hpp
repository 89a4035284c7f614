#pragma once

#include <string>
#include <vector>

#include "cli/manual/command_text.hpp"
#include "shoal/core/shell_word.hpp"

namespace shoal {

// Completion of shoal's command line, as a script for each shell: commands, options, and for their values files,
// folders, folders of runs, words, and keys of the config with their values.

std::string bash_completion(const std::vector<CommandText>& commands);
std::string zsh_completion(const std::vector<CommandText>& commands);
std::string fish_completion(const std::vector<CommandText>& commands);

/// A key of the config as shells offer it.
struct KeyText {
  std::string name;
  std::string about;
  std::vector<std::string> words;  ///< that it takes, where it takes a few
  bool nudge = false;              ///< may change while a run is under way
  bool path = false;               ///< takes a file
};
std::vector<KeyText> key_texts();

/// The text with `value` in the place of a mark, which it has.
std::string filled_in(std::string text, const std::string& mark, const std::string& value);

}  // namespace shoal
