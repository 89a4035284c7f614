#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace shoal {

/// What a shell can offer for a value.
struct Offered {
  bool files = false;
  bool folders = false;
  bool runs = false;      ///< folders of runs
  bool sweeps = false;    ///< folders of sweeps
  bool keys = false;      ///< KEY=VALUE of a config
  bool nudges = false;    ///< KEY=VALUE of what may be nudged
  bool commands = false;  ///< of shoal, and keys
  std::vector<std::string> words = {};
};

/// An option, or an argument.
struct OptionText {
  std::vector<std::string> names;  ///< "-o", "--out"; of an argument its name alone, "RUN"
  std::string value;               ///< what it takes, "FILE"; empty: a flag
  std::string about;
  bool required = false;
  bool repeated = false;
  Offered offered = {};
};

/// A command as its help has it.
struct CommandText {
  std::string name;  ///< "import csv"; empty: shoal itself
  std::string about;
  std::vector<std::string> examples;  ///< lines
  std::vector<OptionText> options;
  std::vector<OptionText> arguments;
  std::vector<std::string> commands;  ///< last words of those below it
};

/// All commands of a command line, each behind the one that it belongs to; shoal itself first. This, and the table of
/// keys, is all that completion and manual are made from.
std::vector<CommandText> command_texts(const CLI::App& root);

/// "shoal import csv", with another separator "shoal-import-csv".
std::string full_name(const CommandText& command, char separator = ' ');

}  // namespace shoal
