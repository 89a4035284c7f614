#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "shoal/data/columns.hpp"
#include "shoal/infer/checkpoint.hpp"

namespace shoal {

// Values are taken as texts and read here: CLI11 would split "[256]", and read 010 as 8.

/// The value of an option, whole and finite.
/// @throws Error(usage)  that names option and text
template <class T>
T parse_number(const std::string& option, const std::string& text);
/// Whole numbers of at least 1 with commas between them.
std::vector<std::int64_t> parse_shape(const std::string& option, const std::string& text);
/// Width and height with an x between them.
void parse_size(const std::string& option, const std::string& text, std::int64_t& width, std::int64_t& height);
/// A character, or its name. @throws Error(usage)
char parse_delimiter(const std::string& option, const std::string& text);
char parse_decimal(const std::string& option, const std::string& text);
DateOrder parse_date_order(const std::string& option, const std::string& text);
bool parse_yes_no(const std::string& option, const std::string& text);
WhichWeights parse_weights(const std::string& option, const std::string& text);
/// No name is empty: a variable of a script was, and what it stood for would be taken from somewhere else.
void refuse_empty(const std::string& option, const std::string& text);

/// Adds an option or, where the name is in capitals, an argument, whose text goes to `value`. type: what help calls it.
template <class T>
CLI::Option* text(CLI::App* app, const std::string& name, T& value, const char* type, const std::string& help) {
  return app
      ->add_option_function<std::string>(
          name,
          [&value, name](const std::string& given) {
            refuse_empty(name, given);
            value = given;
          },
          help)
      ->type_name(type);
}

/// The same for several texts with commas between them, none empty.
CLI::Option* list(CLI::App* app, const std::string& name, std::vector<std::string>& values, const char* type,
                  const std::string& help);

/// The same for a number.
template <class T>
CLI::Option* number(CLI::App* app, const std::string& name, T& value, const char* type, const std::string& help) {
  using Number = typename std::conditional_t<std::is_same_v<T, std::optional<std::int64_t>>,
                                             std::type_identity<std::int64_t>, std::type_identity<T>>::type;
  return app
      ->add_option_function<std::string>(
          name, [&value, name](const std::string& given) { value = parse_number<Number>(name, given); }, help)
      ->type_name(type);
}

}  // namespace shoal
