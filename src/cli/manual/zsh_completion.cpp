#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/manual/completion.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

constexpr const char* zsh_frame = R"zsh(
_shoal__settings() { # array of keys
  if compset -P '[^=]#='; then
    local key=${${IPREFIX%=}##*=}
    local values=${_shoal_values[$key]}
    if [[ $values == @file ]]; then
      _files
    else
      compadd -- ${=values}
    fi
  else
    _describe -t keys 'key' $1 -q -S =
  fi
}
_shoal__key() { _shoal__settings _shoal_keys }
_shoal__nudge() { _shoal__settings _shoal_nudges }

# Folders with one of the names given in them, two levels deep; where there is none, folders to go on into.
_shoal__places() {
  local name
  local -a found
  for name; do
    found+=(${~PREFIX}*/$name(N:h) ${~PREFIX}*/*/$name(N:h))
  done
  if (( $#found )); then
    compadd -f -- $found
  else
    _path_files -/
  fi
}
_shoal__runs() { _shoal__places @CHECKPOINTS@ }
_shoal__sweeps() { _shoal__places @SWEEP@ }
_shoal__topics() {
  _describe -t commands 'command' _shoal_commands_of_
  _describe -t keys 'key' _shoal_keys
}
_shoal__any() { # functions
  local each ret=1
  for each; do $each && ret=0; done
  return ret
}

_shoal "$@"
)zsh";

/// As _arguments has it: what ends a part is escaped.
std::string part(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string function_of(const std::string& command) {
  std::string name = "_shoal_" + command;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

std::string action_of(const Offered& offered) {
  std::vector<std::string> functions;
  if (offered.runs) functions.emplace_back("_shoal__runs");
  if (offered.sweeps) functions.emplace_back("_shoal__sweeps");
  if (offered.files) functions.emplace_back("_files");
  if (offered.folders) functions.emplace_back("_path_files -/");
  if (offered.keys) functions.emplace_back("_shoal__key");
  if (offered.nudges) functions.emplace_back("_shoal__nudge");
  if (offered.commands) functions.emplace_back("_shoal__topics");
  std::string words;
  for (const std::string& word : offered.words) {
    words += words.empty() ? "" : " ";
    for (const char c : word)
      words += (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ? "" : "\\") + std::string(1, c);
  }
  if (functions.empty()) return words.empty() ? " " : "(" + words + ")";
  if (!words.empty()) functions.push_back("'compadd -- " + words + "'");
  if (functions.size() == 1) return functions.front();
  std::string all = "_shoal__any";
  for (const std::string& each : functions) all += each.find(' ') == std::string::npos ? ' ' + each : "";
  return words.empty() ? all : "{" + all + "; compadd -- " + words + "}";
}

std::string option_spec(const OptionText& option) {
  const std::string about = '[' + part(option.about) + ']';
  const std::string value = option.value.empty() ? "" : ':' + part(option.value) + ':' + action_of(option.offered);
  std::string spec;
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    const std::string takes = option.value.empty() ? "" : is_long ? "=" : "+";
    std::string others;
    for (const std::string& other : option.names) others += (others.empty() ? "" : " ") + other;
    const std::string exclude = option.repeated ? "*" : option.names.size() > 1 ? fmt::format("({})", others) : "";
    spec += fmt::format("    {} \\\n", in_quotes(fmt::format("{}{}{}{}{}", exclude, name, takes, about, value)));
  }
  return spec;
}

std::string described(const std::string& array, const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text = fmt::format("typeset -ga {}=(\n", array);
  for (const auto& [name, about] : entries) {
    std::string colons;
    for (const char c : name) colons += (c == ':' ? "\\" : "") + std::string(1, c);
    text += fmt::format("  {}\n", in_quotes(fmt::format("{}:{}", colons, about)));
  }
  return text + ")\n";
}

std::string function(const CommandText& command) {
  std::string text = function_of(command.name);
  if (command.name.empty()) text = "_shoal";
  text += "() {\n  local context state state_descr line\n  typeset -A opt_args\n  _arguments -C -s \\\n";
  for (const OptionText& option : command.options) text += option_spec(option);
  if (!command.commands.empty()) {
    const std::string array = "_shoal_commands_of_" + function_of(command.name).substr(7);
    text += fmt::format(
        "    '1: :->command' \\\n    '*:: :->rest'\n  case $state in\n"
        "    command) _describe -t commands 'command' {} ;;\n    rest)\n      case $words[1] in\n",
        array);
    for (const std::string& below : command.commands)
      text += fmt::format("        {}) {} ;;\n", below,
                          function_of(command.name.empty() ? below : command.name + ' ' + below));
    return text + "      esac ;;\n  esac\n}\n";
  }
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const OptionText& argument = command.arguments[i];
    const std::string place = argument.repeated ? "*" : std::to_string(i + 1);
    text += "    " + in_quotes(place + ':' + part(argument.names[0]) + ':' + action_of(argument.offered)) + " \\\n";
  }
  return text + "    && return\n}\n";
}

}  // namespace

std::string zsh_completion(const std::vector<CommandText>& commands) {
  std::string script = "#compdef shoal\n# zsh completion for shoal. Made by: shoal generate zsh\n\n";
  std::vector<std::pair<std::string, std::string>> keys;
  std::vector<std::pair<std::string, std::string>> nudges;
  std::string values = "typeset -gA _shoal_values=(\n";
  for (const KeyText& key : key_texts()) {
    keys.emplace_back(key.name, key.about);
    if (key.nudge) nudges.emplace_back(key.name, key.about);
    const std::string words = key.path ? "@file" : fmt::format("{}", fmt::join(key.words, " "));
    if (!words.empty()) values += fmt::format("  {} {}\n", key.name, in_quotes(words));
  }
  script += described("_shoal_keys", keys) + described("_shoal_nudges", nudges) + values + ")\n";
  for (const CommandText& command : commands) {
    if (command.commands.empty()) continue;
    std::vector<std::pair<std::string, std::string>> entries;
    for (const std::string& name : command.commands) {
      const std::string below = command.name.empty() ? name : command.name + ' ' + name;
      const auto found =
          std::find_if(commands.begin(), commands.end(), [&](const CommandText& each) { return each.name == below; });
      entries.emplace_back(name, found == commands.end() ? "" : found->about);
    }
    script += described("_shoal_commands_of_" + function_of(command.name).substr(7), entries);
  }
  for (const CommandText& command : commands) script += function(command);
  return filled_in(filled_in(script + zsh_frame, "@CHECKPOINTS@", RunPaths::checkpoints_name), "@SWEEP@",
                   SweepPaths{""}.fingerprint().substr(1));
}

}  // namespace shoal
