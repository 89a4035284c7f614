#include "cli/mistakes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "shoal/config/keys.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"

namespace shoal {
namespace {

/// The innermost command named so far.
const CLI::App* chosen(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::string full_name(const CLI::App* app) {
  return app->get_parent() == nullptr ? app->get_name() : full_name(app->get_parent()) + ' ' + app->get_name();
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names(commands.size());
  std::transform(commands.begin(), commands.end(), names.begin(), [](const CLI::App* app) { return app->get_name(); });
  return names;
}

std::string without_dashes(const std::string& word) {
  return word.substr(std::min(word.size(), word.find_first_not_of('-')));
}

/// The option that other programs call so, else the one that is spelt most like it.
std::string meant_option(const std::string& word, const std::vector<std::string>& known) {
  for (const std::string& other : known_as(without_dashes(word))) {
    if (std::find(known.begin(), known.end(), "--" + other) != known.end()) return "--" + other;
  }
  return nearest_word(word, known);
}

std::string advice(const std::string& near, const std::string& name) {
  return near.empty() ? fmt::format("see {} --help", name) : fmt::format("did you mean {}? See {} --help", near, name);
}

/// How many values an option takes.
std::string how_often(const CLI::App& app, const std::string& option) {
  const CLI::Option* known = app.get_option_no_throw(option);
  const bool once = known == nullptr || known->get_items_expected_max() == 1;
  return once ? option + " takes one value, and once"
              : fmt::format("{} takes one {}; for more give {} again", option, known->get_type_name(), option);
}

}  // namespace

// An option or argument that no command knows comes first: what else is missing often follows from it.
std::string explain(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App* app = chosen(root);
  const std::string name = full_name(app);
  const std::vector<std::string> unknown = root.remaining(true);
  const auto option = std::find_if(unknown.begin(), unknown.end(),
                                   [](const std::string& word) { return word.size() > 1 && word.front() == '-'; });
  const std::vector<const CLI::App*> commands = app->get_subcommands({});
  if (!unknown.empty() && !commands.empty() && option != unknown.begin()) {
    const std::vector<std::string> known = names_of(commands);
    return fmt::format("{} has no command \"{}\"; {}", name, unknown.front(),
                       advice(nearest_word(unknown.front(), known), name));
  }
  if (option != unknown.end()) {
    std::vector<std::string> known;
    for (const CLI::Option* each : app->get_options()) {
      for (const std::string& word : each->get_lnames()) known.push_back("--" + word);
    }
    const std::string word = option->substr(0, option->find('='));
    const std::string key = config_keys::namesake(without_dashes(word));
    if (config_keys::find(key) != nullptr && app->get_option_no_throw("--set") != nullptr)
      return fmt::format("{} has no option {}; did you mean --set {}=VALUE? See {} --help", name, word, key, name);
    return fmt::format("{} has no option {}; {}", name, word, advice(meant_option(word, known), name));
  }
  if (!unknown.empty()) {
    const bool data = app->get_option_no_throw("--data") != nullptr;
    return fmt::format("{} does not expect \"{}\"; quote what has spaces{}, and see {} --help", name, unknown.front(),
                       data ? ", give each file its own --data" : "", name);
  }
  std::string what = error.what();
  // CLI11: "--data: At Most 1 required but received 2", "--data: 1 required FILE missing"
  if (error.get_name() == "ArgumentMismatch") what = how_often(*app, what.substr(0, what.find(':')));
  if (!commands.empty() && error.get_name() == "RequiredError") {
    what = fmt::format("what to do is missing; give one of {}", fmt::join(names_of(commands), ", "));
  }
  return fmt::format("{}: {}; see {} --help", name, what, name);
}

}  // namespace shoal
