#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "block_parser.hpp"

namespace shoal {

/// Adds what was seen of blocks to what a scan knows of the columns, in the order of the files: the first of several
/// mistakes is the one that is told.
class CsvMerger {
 public:
  using Words = std::vector<std::vector<std::uint32_t>>;  ///< by column: of a block's words the numbers among all

  CsvMerger(const CsvFiles& files, const CsvFormat& format, CsvScan& scan)
      : files_(files), format_(format), scan_(scan), numbers_of_words_(scan.columns.size()) {}

  /// @throws Error(bad_data)  for what is wrong with the block, with file and line
  void merge(const CsvBlock& block, const CsvParsed& parsed, Words& words);

 private:
  [[noreturn]] void refuse(std::size_t file, std::int64_t line, const std::string& what) const;
  /// Line and what is wrong there.
  std::optional<std::pair<std::int64_t, std::string>> first_not_allowed(const CsvBlock& block,
                                                                        const CsvParsed& parsed) const;
  void merge_column(const CsvBlock& block, CsvLines& lines, const CsvParsed::Seen& seen, std::size_t c,
                    std::vector<std::uint32_t>& words);
  void merge_words(const CsvBlock& block, CsvLines& lines, const CsvParsed::Words& block_words, std::size_t c,
                   std::vector<std::uint32_t>& words);

  const CsvFiles& files_;
  const CsvFormat& format_;
  CsvScan& scan_;
  std::vector<std::unordered_map<std::string, std::uint32_t>> numbers_of_words_;
  std::int64_t blank_line_ = 0;  // the first behind the last row; 0 where there is none
};

}  // namespace shoal
