#include "cli/manual/command_text.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <string_view>

namespace shoal {
namespace {

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, '|');) parts.push_back(part);
  return parts;
}

bool has_capitals(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// By what help calls the value, for there is no other word of it: FILE, RUN, last|average.
Offered offered_for(const std::string& command, const std::string& value) {
  Offered offered;
  for (const std::string& part : parts_of(value)) {
    if (part == "KEY=VALUE") {
      (command == "nudge" ? offered.nudges : offered.keys) = true;
    } else if (part.starts_with("FILE")) {
      offered.files = true;
    } else if (part.starts_with("DIR") || part.starts_with("FOLDER")) {
      offered.folders = true;
    } else if (part.starts_with("RUN")) {
      offered.runs = true;
    } else if (part.starts_with("SWEEP")) {
      offered.sweeps = true;
    } else if (part == "TOPIC") {
      offered.commands = true;
    } else if (!part.empty() && !has_capitals(part)) {
      offered.words.push_back(part);
    }
  }
  return offered;
}

OptionText option_text(const CLI::Option& option, const std::string& command) {
  OptionText text;
  text.about = option.get_description();
  text.required = option.get_required();
  text.repeated = option.get_expected_max() > 1;
  if (option.get_positional()) {
    text.names = {option.get_name(true)};
    text.value = option.get_type_name();
    // A run is asked for by its folder; files and folders are named by what they are.
    const std::string kind = text.names[0] == "RUN" || text.value.empty() ? text.names[0] : text.value;
    text.offered = offered_for(command, kind);
    if (text.names[0] == "CHECKPOINT" || command == "inspect") text.offered.runs = true;
    return text;
  }
  for (const std::string& name : option.get_snames()) text.names.push_back('-' + name);
  for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
  if (option.get_items_expected_max() > 0) text.value = option.get_type_name();
  text.offered = offered_for(command, text.value);
  return text;
}

std::vector<std::string> examples_of(const CLI::App& app) {
  std::vector<std::string> lines;
  std::istringstream footer(app.get_footer());
  bool begun = false;
  for (std::string line; std::getline(footer, line);) {
    if (begun && line.find_first_not_of(' ') != std::string::npos)
      lines.push_back(line.substr(line.find_first_not_of(' ')));
    begun = begun || line == "Example:";
  }
  return lines;
}

void add(const CLI::App& app, const std::string& name, std::vector<CommandText>& all) {
  CommandText command{name, app.get_description(), examples_of(app), {}, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    (option->get_positional() ? command.arguments : command.options).push_back(option_text(*option, name));
  }
  const auto below = app.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); });
  for (const CLI::App* each : below) command.commands.push_back(each->get_name());
  all.push_back(std::move(command));
  for (const CLI::App* each : below) add(*each, name.empty() ? each->get_name() : name + ' ' + each->get_name(), all);
}

}  // namespace

std::vector<CommandText> command_texts(const CLI::App& root) {
  std::vector<CommandText> all;
  add(root, "", all);
  return all;
}

std::string full_name(const CommandText& command, char separator) {
  std::string name = "shoal" + (command.name.empty() ? "" : ' ' + command.name);
  std::replace(name.begin(), name.end(), ' ', separator);
  return name;
}

}  // namespace shoal
