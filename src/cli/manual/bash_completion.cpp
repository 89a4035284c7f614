#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/manual/completion.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

/// What is the same whatever commands there are. The last word is joined again, for bash parts words at =.
constexpr const char* bash_frame = R"bash(
# Words of the line up to the cursor, parts around = joined again, into the array "words".
_shoal_words() {
  local i word glued=0 line=${COMP_LINE:0:COMP_POINT}
  words=()
  for ((i = 0; i <= COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if ((${#words[@]})) && [[ $word == = || $glued == 1 ]] && [[ $line == *"${words[-1]}$word"* ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    [[ $word == = ]] && glued=1 || glued=0
  done
}

# What bash puts in place of the last part of the word alone, behind an = where it parts words there.
_shoal_reply() {
  local prefix= candidate
  [[ $COMP_WORDBREAKS == *=* && $cur == *=* ]] && prefix=${cur%"${cur##*=}"}
  for candidate; do
    [[ $candidate == "$cur"* ]] && COMPREPLY+=("${candidate#"$prefix"}")
  done
}

_shoal_files() {
  compopt -o filenames
  local part=${cur##*=} found
  while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen "$1" -- "$part")
}

# Folders with one of the names given in them, two levels deep; where there is none, folders to go on into. A name is
# looked for as the word means it, without backslashes and the quote that it begins with, and put there so that the
# shell takes it as one word: by us, or, behind an open quote or among files, by readline, which adds a slash.
_shoal_places() {
  local name folder start=${cur//\\/} readline=0
  [[ $start == [\"\']* ]] && start=${start:1} readline=1
  [[ " ${kinds[*]} " == *" @f"* ]] && readline=1
  for name; do
    for folder in "$start"*/"$name" "$start"*/*/"$name"; do
      [[ -e $folder ]] || continue
      folder=${folder%/"$name"}
      ((readline)) || printf -v folder %q "$folder"
      COMPREPLY+=("$folder")
    done
  done
  if ((${#COMPREPLY[@]} == 0)); then
    cur=$start
    _shoal_files -d
    compopt -o nospace
    COMPREPLY=("${COMPREPLY[@]/%//}")
  elif ((readline)); then
    compopt -o filenames
  fi
}

_shoal_settings() { # keys
  if [[ $cur == *=* ]]; then
    local key=${cur%%=*} values
    key=${key##* }
    values=$(_shoal_values "$key")
    if [[ $values == @file ]]; then
      _shoal_files -f
    else
      local value
      for value in $values; do _shoal_reply "$key=$value"; done
    fi
  else
    compopt -o nospace
    _shoal_reply "${@/%/=}"
  fi
}

_shoal_value() { # kind ...
  local kind
  for kind; do
    case $kind in
      @files) _shoal_files -f ;;
      @folders) _shoal_files -d ;;
      @runs) _shoal_places @CHECKPOINTS@ ;;
      @sweeps) _shoal_places @SWEEP@ ;;
      @keys) _shoal_settings $_shoal_keys ;;
      @nudges) _shoal_settings $_shoal_nudges ;;
      @topics) _shoal_reply $(_shoal_commands '') config $_shoal_keys ;;
      *) _shoal_reply "$kind" ;;
    esac
  done
}

_shoal() {
  local cur command= option= i word place=0
  local -a words kinds
  _shoal_words
  COMPREPLY=()
  cur=${words[-1]}
  for ((i = 1; i < ${#words[@]} - 1; ++i)); do
    word=${words[i]}
    if [[ -n $option ]]; then
      option=
    elif [[ $word == -*=* ]]; then
      :
    elif [[ $word == -* ]]; then
      _shoal_takes "$command" "$word" >/dev/null && option=$word
    elif [[ " $(_shoal_commands "$command") " == *" $word "* && $place == 0 ]]; then
      command+=${command:+ }$word
    else
      place=$((place + 1))
    fi
  done
  if [[ -z $option && $cur == --*=* ]] && _shoal_takes "$command" "${cur%%=*}" >/dev/null; then
    option=${cur%%=*}
    cur=${cur#*=}
  fi
  if [[ -n $option ]]; then
    read -ra kinds < <(_shoal_takes "$command" "$option")
    _shoal_value "${kinds[@]}"
  elif [[ $cur == -* ]]; then
    _shoal_reply $(_shoal_options "$command")
  else
    [[ $place == 0 ]] && _shoal_reply $(_shoal_commands "$command")
    read -ra kinds < <(_shoal_arguments "$command" "$place")
    _shoal_value "${kinds[@]}"
  fi
} 2>/dev/null
complete -F _shoal shoal
)bash";

std::string kinds_of(const Offered& offered) {
  std::string kinds;
  const auto add = [&](bool wanted, const std::string& kind) {
    if (wanted) kinds += (kinds.empty() ? "" : " ") + kind;
  };
  add(offered.runs, "@runs");
  add(offered.sweeps, "@sweeps");
  add(offered.files, "@files");
  add(offered.folders, "@folders");
  add(offered.keys, "@keys");
  add(offered.nudges, "@nudges");
  add(offered.commands, "@topics");
  for (const std::string& word : offered.words) add(true, word);
  return kinds;
}

}  // namespace

std::string bash_completion(const std::vector<CommandText>& commands) {
  std::string names;
  std::string options;
  std::string takes;
  std::string arguments;
  for (const CommandText& command : commands) {
    if (!command.commands.empty())
      names += fmt::format("    {}) echo {} ;;\n", in_quotes(command.name),
                           in_quotes(fmt::format("{}", fmt::join(command.commands, " "))));
    std::string all;
    for (const OptionText& option : command.options) {
      std::string patterns;
      for (const std::string& name : option.names) {
        all += (all.empty() ? "" : " ") + name;
        patterns += (patterns.empty() ? "" : " | ") + in_quotes(command.name + ' ' + name);
      }
      if (!option.value.empty())
        takes += fmt::format("    {}) echo {} ;;\n", patterns, in_quotes(kinds_of(option.offered)));
    }
    options += fmt::format("    {}) echo {} ;;\n", in_quotes(command.name), in_quotes(all));
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
      const std::string place = in_quotes(fmt::format("{} {}", command.name, i));
      const std::string pattern = command.arguments[i].repeated ? in_quotes(command.name + ' ') + '*' : place;
      arguments += fmt::format("    {}) echo {} ;;\n", pattern, in_quotes(kinds_of(command.arguments[i].offered)));
    }
  }
  std::string keys;
  std::string nudges;
  std::string values;
  for (const KeyText& key : key_texts()) {
    keys += (keys.empty() ? "" : " ") + key.name;
    if (key.nudge) nudges += (nudges.empty() ? "" : " ") + key.name;
    const std::string words = key.path ? "@file" : fmt::format("{}", fmt::join(key.words, " "));
    if (!words.empty()) values += fmt::format("    {}) echo {} ;;\n", key.name, in_quotes(words));
  }
  const auto function = [](const std::string& name, const std::string& of, const std::string& cases,
                           const std::string& otherwise) {
    return fmt::format("{}() {{\n  case {} in\n{}{}  esac\n}}\n", name, of, cases, otherwise);
  };
  std::string script = "# bash completion for shoal. Made by: shoal generate bash\n\n";
  script += fmt::format("_shoal_keys={}\n_shoal_nudges={}\n\n", in_quotes(keys), in_quotes(nudges));
  script += function("_shoal_commands", "$1", names, "");
  script += function("_shoal_options", "$1", options, "");
  script += "# What a value of an option is; fails for one that takes none.\n";
  script += function("_shoal_takes", "\"$1 $2\"", takes, "    *) return 1 ;;\n");
  script += function("_shoal_arguments", "\"$1 $2\"", arguments, "");
  script += function("_shoal_values", "$1", values, "");
  return filled_in(filled_in(script + bash_frame, "@CHECKPOINTS@", RunPaths::checkpoints_name), "@SWEEP@",
                   SweepPaths{""}.fingerprint().substr(1));
}

}  // namespace shoal
