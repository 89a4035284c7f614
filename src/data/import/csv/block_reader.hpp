#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/import/cells/cursor.hpp"
#include "text_source.hpp"

namespace shoal {

/// Files that are read one after the other, as often as needed. What can be read but once, such as standard input
/// ("-") and pipes, is kept in a file without a name beside the output.
class CsvFiles {
 public:
  CsvFiles(std::vector<std::string> paths, const std::string& out);

  std::size_t count() const { return paths_.size(); }
  /// For messages.
  const std::string& name(std::size_t file) const { return names_[file]; }
  TextSource open(std::size_t file) const;
  std::int64_t bytes() const { return bytes_; }  ///< of all, as they lie on the disk

 private:
  std::vector<std::string> paths_;
  std::vector<std::string> names_;
  std::vector<posix::Descriptor> kept_;  // empty where the file itself can be opened again
  std::int64_t bytes_ = 0;
};

/// Whole rows of a file.
struct CsvBlock {
  std::size_t file = 0;
  bool begins_file = false;
  std::int64_t first_line = 1;
  std::int64_t lines = 0;
  char row_end = '\n';
  CsvText held;  ///< the text and csv_padding bytes 0

  std::string_view text() const { return {held.data(), held.size() - csv_padding}; }
  std::int64_t line_at(std::size_t offset) const;
};

/// Lines of many offsets in a block, in any order: what lies before them is counted once, however wide the rows are.
class CsvLines {
 public:
  /// The block has to outlive it, unchanged.
  explicit CsvLines(const CsvBlock& block) : block_(block), lines_{block.first_line} {}

  /// As CsvBlock::line_at.
  std::int64_t at(std::size_t offset);

 private:
  const CsvBlock& block_;
  std::vector<std::int64_t> lines_;  // of the first byte of each piece that was counted so far
};

/// Cuts the text of a file at line ends outside of quotes.
class CsvBlockReader {
 public:
  CsvBlockReader(const CsvFiles& files, std::size_t file);

  /// The first rows of the file, whole ones unless it is one row: at least `bytes` where there are so many. Before
  /// next().
  std::string_view sample(std::size_t bytes);
  char row_end() const { return row_end_; }  ///< known after sample()
  std::string_view encoding() const { return source_.encoding(); }

  /// The next rows, `bytes` or a row more; false at the end. @throws Error(bad_data)  for a row that does not end
  bool next(CsvBlock& block, std::size_t bytes, char delimiter);
  std::int64_t consumed() const { return source_.consumed(); }

 private:
  void fill(std::size_t bytes);

  const CsvFiles& files_;
  std::size_t file_;
  TextSource source_;
  CsvText pending_;  // text that was read and not yet given out
  CsvText rest_;
  bool ended_ = false;
  bool begun_ = false;
  char row_end_ = '\n';
  std::int64_t next_line_ = 1;
};

/// Where the last row of `text` that ends in it does so, 0 for none: a line end in quotes is none.
std::size_t last_row_end(std::string_view text, char delimiter, char row_end);

}  // namespace shoal
