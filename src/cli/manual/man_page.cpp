#include "cli/manual/man_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "cli/commands.hpp"
#include "cli/help.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/version.hpp"

namespace shoal {
namespace {

using Row = std::pair<std::string_view, std::string_view>;

constexpr std::array statuses = {
    std::pair{ExitStatus::done, "done"},
    std::pair{ExitStatus::usage, "a wrong option or config"},
    std::pair{ExitStatus::bad_data,
              "a data set or checkpoint that cannot be used, or a run that differs when verified"},
    std::pair{ExitStatus::no_input, "no such file"},
    std::pair{ExitStatus::internal, "a fault of shoal, or of the hardware"},
    std::pair{ExitStatus::taken, "the run directory is in use, or holds a run already"},
    std::pair{ExitStatus::input_output, "input or output failed: the disk is full, a folder cannot be written"},
    std::pair{ExitStatus::stopped,
              "stopped by a signal, shoal nudge --stop or train.max_seconds; go on with --resume auto"},
    std::pair{ExitStatus::diverged, "the loss is not finite"},
    std::pair{ExitStatus::lost, "a rank was lost, or hangs"},
    std::pair{ExitStatus::unfit, "shoal doctor found something that would hurt"},
};

constexpr std::array variables = {
    Row{"OMP_NUM_THREADS", "Threads of each rank; by default its cores."},
    Row{"SHOAL_ISA", "Instruction set to use, such as avx2; by default the best one. No bit depends on it."},
    Row{"SHOAL_WINDOWS", "off: ranks of a host share no memory; a number: at most so many do. No bit depends on it."},
    Row{"NO_COLOR", "With any value but an empty one the progress bar has no colours."},
    Row{"TMPDIR", "Folder for temporary files."},
};

constexpr const char* release_date = "2026-11-28";  // mandoc wants one, and the same sources give the same pages

/// As running text: nothing in it is a request or an escape.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string bold(std::string_view text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string slanted(std::string_view text) { return "\\fI" + escaped(text) + "\\fR"; }

std::string heading(const std::string& page, const std::string& section, const std::string& about) {
  std::string capitals = page;
  std::transform(capitals.begin(), capitals.end(), capitals.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return fmt::format(
      ".\\\" Made by: shoal generate man\n.TH {} {} \"{}\" \"shoal {}\" \"shoal\"\n.SH NAME\n{} \\- {}\n",
      escaped(capitals), section, release_date, version(), escaped(page), escaped(about));
}

std::string entry(const std::string& name, std::string_view about) {
  return fmt::format(".TP\n{}\n{}\n", name, escaped(about));
}

std::string option_name(const OptionText& option) {
  std::string name;
  for (const std::string& each : option.names) name += (name.empty() ? "" : ", ") + bold(each);
  return option.value.empty() ? name : name + ' ' + slanted(option.value);
}

std::string argument_text(const OptionText& argument) {
  const std::string name = slanted(argument.names[0]) + (argument.repeated ? " ..." : "");
  return argument.required ? name : '[' + name + ']';
}

std::string reference(const std::string& page, const std::string& section) { return bold(page) + '(' + section + ')'; }

}  // namespace

std::string man_page(const CommandText& command, const std::vector<CommandText>& all) {
  std::string about = command.about;
  if (!about.empty() && about.back() == '.') about.pop_back();
  if (command.name.empty()) about.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(about.front())));
  std::string page = heading(full_name(command, '-'), "1", about);
  page += ".SH SYNOPSIS\n" + bold(full_name(command));
  if (!command.options.empty()) page += " [" + slanted("OPTIONS") + ']';
  if (!command.commands.empty()) page += ' ' + slanted("COMMAND") + " ...";
  for (const OptionText& argument : command.arguments) page += ' ' + argument_text(argument);
  page += '\n';
  if (!command.commands.empty()) page += ".SH COMMANDS\n";
  for (const std::string& name : command.commands) {
    const std::string below = command.name.empty() ? name : command.name + ' ' + name;
    const auto found = std::find_if(all.begin(), all.end(), [&](const CommandText& c) { return c.name == below; });
    page += entry(bold(name), found == all.end() ? "" : found->about);
  }
  if (!command.arguments.empty()) page += ".SH ARGUMENTS\n";
  for (const OptionText& argument : command.arguments) page += entry(slanted(argument.names[0]), argument.about);
  page += ".SH OPTIONS\n";
  for (const OptionText& option : command.options)
    page += entry(option_name(option), option.about + (option.required ? " (needed)" : ""));
  if (command.name.empty()) {
    page += ".SH EXIT STATUS\n";
    for (const auto& [status, meaning] : statuses)
      page += entry(bold(std::to_string(static_cast<int>(status))), meaning);
    page += ".SH ENVIRONMENT\n";
    for (const auto& [name, meaning] : variables) page += entry(bold(name), meaning);
  }
  if (!command.examples.empty()) {
    page += ".SH EXAMPLES\n.nf\n";
    for (const std::string& line : command.examples) page += escaped(line) + '\n';
    page += ".fi\n";
  }
  page +=
      ".SH SEE ALSO\n" + (command.name.empty() ? "" : reference("shoal", "1") + ",\n") + reference(config_page, "5");
  return page + '\n';
}

std::string config_man_page() {
  std::string page = heading(config_page, "5", "keys of a config of shoal");
  page += ".SH DESCRIPTION\n" +
          escaped(
              "A config is TOML. Each key may also be set by --set KEY=VALUE of shoal train, sweep and cv; those "
              "marked so may be changed while a run is under way, by shoal nudge. A key that is not given has its "
              "default.") +
          "\n.SH KEYS\n";
  for (const config_keys::Key& key : config_keys::keys()) {
    page += fmt::format(".TP\n{}\n{}.\n{}.\n", bold(key.name), escaped(config_keys::about(key)),
                        escaped(fmt::format("It takes {}; default: {}{}", config_keys::expected(key), default_of(key),
                                            (key.flags & config_keys::nudge) != 0 ? "; may be nudged" : "")));
  }
  return page + ".SH SEE ALSO\n" + reference("shoal", "1") + ",\n" + reference("shoal-train", "1") + ",\n" +
         reference("shoal-nudge", "1") + '\n';
}

}  // namespace shoal
