#include "csv_reader.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "shoal/core/error.hpp"

namespace shoal {

/// Names of classes and columns end at a byte 0 in files.
void CsvReader::add(std::string& cell, int c) const {
  if (c == 0)
    throw Error(ExitStatus::bad_data,
                fmt::format("{}:{}: a byte 0; remove it, or save the file as text in UTF-8", path(), next_line_));
  cell.push_back(static_cast<char>(c));
}

/// Reads one cell and what ends it; true when another cell follows in the row.
bool CsvReader::read_cell(std::string& cell) {
  cell.clear();
  const bool quoted = file_.peek() == '"';
  if (quoted) {
    file_.get();
    for (;;) {
      const int c = file_.get();
      if (c < 0) {
        throw Error(ExitStatus::bad_data,
                    fmt::format("{}:{}: a quote is opened and never closed; close it", path(), line_));
      }
      if (c == '"' && file_.peek() != '"') break;
      if (c == '"') file_.get();
      if (c == '\n') ++next_line_;
      add(cell, c);
    }
  }
  for (;;) {
    const int c = file_.get();
    if (c == ',') return true;
    if (c == '\r' && (file_.peek() == '\n' || file_.peek() < 0)) continue;
    if (c < 0 || c == '\n') {
      ++next_line_;
      return false;
    }
    if (quoted) {
      throw Error(
          ExitStatus::bad_data,
          fmt::format("{}:{}: text follows a closing quote; double the quotes inside a cell", path(), next_line_));
    }
    add(cell, c);
  }
}

bool CsvReader::read_row(std::vector<std::string>& cells) {
  if (file_.peek() < 0) return false;
  line_ = next_line_;
  std::size_t count = 0;
  bool more = true;
  while (more) {
    if (count == cells.size()) cells.emplace_back();
    more = read_cell(cells[count++]);
  }
  cells.resize(count);
  return true;
}

bool CsvReader::next(std::vector<std::string>& cells) {
  while (read_row(cells)) {
    const bool blank = cells.size() == 1 && trimmed(cells[0]).empty();
    if (!blank && blank_line_ != 0) {
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}:{}: a blank line between rows; remove it", path(), blank_line_));
    }
    if (!blank) return true;
    if (blank_line_ == 0) blank_line_ = line_;
  }
  return false;
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<double> parse_number(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);  // from_chars knows no plus
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string result(text.substr(0, most));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return text.size() > most ? result + "..." : result;
}

}  // namespace shoal
