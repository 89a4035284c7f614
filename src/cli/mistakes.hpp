#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace shoal {

/// What is wrong with a command line that CLI11 refused, on one line, with the nearest known word where one is near.
std::string explain(const CLI::App& root, const CLI::ParseError& error);

}  // namespace shoal
