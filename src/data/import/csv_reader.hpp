#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "input_file.hpp"

namespace shoal {

/// What spreadsheets begin a text in UTF-8 with.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Rows of comma-separated cells, as RFC 4180 has them: quoted cells may hold commas, line ends and doubled quotes;
/// lines end in LF or CRLF. Blank lines may stand at the end only.
class CsvReader {
 public:
  explicit CsvReader(const std::string& path) : file_(path) { file_.skip_prefix(byte_order_mark); }

  /// The next row, without its quotes; false at the end.
  /// @throws Error  bad_data, with file and line: an open quote, text behind a closing quote, a blank line inside, a
  ///                byte 0
  bool next(std::vector<std::string>& cells);
  /// Where the last row began, from 1.
  std::int64_t line() const { return line_; }
  const std::string& path() const { return file_.path(); }

 private:
  bool read_row(std::vector<std::string>& cells);
  bool read_cell(std::string& cell);
  void add(std::string& cell, int c) const;

  InputFile file_;
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
  std::int64_t blank_line_ = 0;  // the first since the last row; 0 where there is none
};

/// The number that a text is, surrounded by blanks at most; none for other texts. May be infinite or NaN.
std::optional<double> parse_number(std::string_view text);
/// Without blanks around it.
std::string_view trimmed(std::string_view text);
/// A text from a file, fit for a message of one line: cut at 40 bytes, control characters replaced.
std::string shown(std::string_view text);

}  // namespace shoal
