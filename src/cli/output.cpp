#include "cli/output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_names = 20;

bool is_number(std::string_view cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789+-.e") == std::string_view::npos;
}

/// Of a pipe, such as to `head`, which has seen enough.
bool reader_is_gone() {
  struct stat output {};
  pollfd state{STDOUT_FILENO, POLLOUT, 0};
  return ::fstat(STDOUT_FILENO, &output) == 0 && S_ISFIFO(output.st_mode) && ::poll(&state, 1, 0) == 1 &&
         (state.revents & POLLERR) != 0;
}

}  // namespace

void print(std::string_view text) { std::cout << text; }

void flush_output() {
  errno = 0;
  std::cout.flush();
  if (std::cout.good()) return;
  const std::string reason = errno == 0 ? "what was printed did not arrive" : std::strerror(errno);
  std::cout.clear();  // said once
  throw Error(ExitStatus::input_output,
              "cannot write to standard output: " + reason + "; send it to a place that takes it");
}

bool end_output() try {
  flush_output();
  return true;
} catch (const Error&) {
  if (reader_is_gone()) return false;
  throw;
}

std::string align(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> right;  // columns whose every cell below the heading is a number
  for (std::size_t r = 0; r < rows.size(); ++r) {
    widths.resize(std::max(widths.size(), rows[r].size()), 0);
    right.resize(widths.size(), rows.size() > 1);
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      widths[c] = std::max(widths[c], rows[r][c].size());
      if (r > 0 && !is_number(rows[r][c])) right[c] = false;
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c > 0) line += "  ";
      line += right[c] ? fmt::format("{:>{}}", row[c], widths[c]) : fmt::format("{:<{}}", row[c], widths[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

std::string classes_text(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  const auto last = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most_names));
  return fmt::format("{}: {}{}", names.size(), fmt::join(names.begin(), last, ", "),
                     last == names.end() ? "" : ", ...");
}

}  // namespace shoal
