#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/manual/completion.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

constexpr const char* fish_frame = R"fish(
# Whether the line is of the command given, "import csv"; "" for shoal itself.
function __shoal_at
    set -l command
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; and continue
        set -l longer (string join ' ' $command $word)
        contains -- $longer $__shoal_commands; or break
        set command $longer
    end
    test "$command" = "$argv[1]"
end

function __shoal_settings # names of the lists of keys and of what they are
    set -l token (string replace -r '^--?[a-z-]+=' '' -- (commandline -ct))
    if string match -q -- '*=*' "$token"
        set -l key (string split -m1 = -- $token)[1]
        set -l at (contains -i -- $key $__shoal_with_values); or return
        if test $__shoal_values[$at] = @file
            set -l part (string split -m1 = -- $token)[2]
            printf "$key=%s\n" (__fish_complete_path $part | string replace -r '\t.*' '')
        else
            printf "$key=%s\n" (string split ' ' -- $__shoal_values[$at])
        end
    else
        set -l names $argv[1]
        set -l abouts $argv[2]
        for i in (seq (count $$names))
            printf '%s=\t%s\n' $$names[1][$i] $$abouts[1][$i]
        end
    end
end

# Folders with one of the names given in them, two levels deep; where there is none, folders to go on into.
function __shoal_places
    set -l token (commandline -ct | string unescape)
    set -l found
    for name in $argv
        for folder in "$token"*/$name "$token"*/*/$name
            set -a found (string replace -r "/$name\$" '' -- $folder)
        end
    end
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_directories "$token"
    end
end
)fish";

std::string fish_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
  return out + '\'';
}

/// What `complete` is told of a value: -F allows files, -f forbids them.
std::string values_of(const Offered& offered) {
  std::vector<std::string> lists;  // only the last -a would count
  if (offered.runs) lists.push_back(fmt::format("(__shoal_places {})", RunPaths::checkpoints_name));
  if (offered.sweeps) lists.push_back(fmt::format("(__shoal_places {})", SweepPaths{""}.fingerprint().substr(1)));
  if (offered.folders) lists.emplace_back("(__fish_complete_directories (commandline -ct))");
  if (offered.keys) lists.emplace_back("(__shoal_settings __shoal_keys __shoal_abouts)");
  if (offered.nudges) lists.emplace_back("(__shoal_settings __shoal_nudges __shoal_nudge_abouts)");
  if (offered.commands) lists.emplace_back("$__shoal_topics config $__shoal_keys");
  for (const std::string& word : offered.words) lists.push_back(fish_quotes(word));
  const std::string files = offered.files ? " -F" : " -f";
  return lists.empty() ? files : files + " -a " + fish_quotes(fmt::format("{}", fmt::join(lists, " ")));
}

}  // namespace

std::string fish_completion(const std::vector<CommandText>& commands) {
  std::string names;
  std::string topics;
  for (const CommandText& command : commands) {
    if (!command.name.empty()) names += ' ' + fish_quotes(command.name);
  }
  for (const std::string& name : commands.front().commands) topics += ' ' + name;
  std::string keys;
  std::string abouts;
  std::string nudges;
  std::string nudge_abouts;
  std::string with_values;
  std::string values;
  for (const KeyText& key : key_texts()) {
    keys += ' ' + key.name;
    abouts += ' ' + fish_quotes(key.about);
    if (key.nudge) nudges += ' ' + key.name;
    if (key.nudge) nudge_abouts += ' ' + fish_quotes(key.about);
    const std::string words = key.path ? "@file" : fmt::format("{}", fmt::join(key.words, " "));
    if (!words.empty()) with_values += ' ' + key.name;
    if (!words.empty()) values += ' ' + fish_quotes(words);
  }
  std::string script = "# fish completion for shoal. Made by: shoal generate fish\n\n";
  script += fmt::format("set -g __shoal_commands{}\nset -g __shoal_topics{}\n", names, topics);
  script += fmt::format("set -g __shoal_keys{}\nset -g __shoal_abouts{}\n", keys, abouts);
  script += fmt::format("set -g __shoal_nudges{}\nset -g __shoal_nudge_abouts{}\n", nudges, nudge_abouts);
  script += fmt::format("set -g __shoal_with_values{}\nset -g __shoal_values{}\n", with_values, values);
  script += fish_frame;
  script += "\ncomplete -c shoal -f\n";
  for (const CommandText& command : commands) {
    const std::string at =
        "complete -c shoal -n '__shoal_at " + (command.name.empty() ? "\"\"" : '"' + command.name + '"') + "'";
    for (const std::string& name : command.commands) {
      const std::string below = command.name.empty() ? name : command.name + ' ' + name;
      const auto found =
          std::find_if(commands.begin(), commands.end(), [&](const CommandText& each) { return each.name == below; });
      script += fmt::format("{} -f -a {} -d {}\n", at, name, fish_quotes(found == commands.end() ? "" : found->about));
    }
    for (const OptionText& option : command.options) {
      std::string line = at;
      for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.value.empty()) line += " -r" + values_of(option.offered);
      script += line + " -d " + fish_quotes(option.about) + '\n';
    }
    for (const OptionText& argument : command.arguments) {
      script += fmt::format("{}{} -d {}\n", at, values_of(argument.offered), fish_quotes(argument.names[0]));
    }
  }
  return script;
}

}  // namespace shoal
