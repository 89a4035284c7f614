#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scan.hpp"
#include "unset.hpp"

namespace shoal {

/// What is wrong with a block, in words that lack file and line.
struct CsvFailure {
  std::int64_t line = 0;
  std::string what;
};

/// A text of one block; numbered by the order in which they came.
struct CsvLocalWord {
  std::string_view text;
  std::int64_t count = 0;
  std::uint32_t offset = 0;
};

/// Cells of a block, and what was seen of them. Offsets are of the block's text.
struct CsvParsed {
  static constexpr std::uint32_t nowhere = 0xFFFFFFFF;
  struct Words {
    std::vector<CsvLocalWord> all;
    std::unordered_map<std::string_view, std::uint32_t> numbers;
  };
  struct Value {
    std::int64_t count = 0;
    std::uint32_t first = 0;
  };
  struct Seen {
    std::int64_t missing = 0;
    std::int64_t numbers = 0;
    std::int64_t dates = 0;
    std::int64_t zoned = 0;
    std::int64_t texts = 0;
    double least = std::numeric_limits<double>::infinity();
    double greatest = -std::numeric_limits<double>::infinity();
    bool whole = true;
    bool fits_float = true;
    std::uint32_t first_missing = nowhere;
    std::uint32_t first_spelled = nowhere;
    std::uint32_t first_number = nowhere;
    std::uint32_t first_text = nowhere;
    std::uint32_t first_merged = nowhere;
    std::uint32_t first_zeros = nowhere;
    std::uint32_t first_not_zoned = nowhere;
    DistinctValues distinct;  // as in CsvFacts
    std::unique_ptr<Words> words;
    std::unique_ptr<std::unordered_map<double, Value>> values;
  };

  std::int64_t rows = 0;
  UnsetVector<double> x;
  UnsetVector<double> other;
  bool all_brief = true;   // x: each cell is a brief number or missing
  bool fits_float = true;  // x
  std::vector<Seen> seen;  // by column
  std::vector<std::vector<std::int64_t>> text_ends;
  std::vector<std::string> texts;
  std::int64_t blank_line = 0;  // the first since the last row; 0 where there is none
  std::optional<CsvFailure> failure;
  std::unique_ptr<CsvCursor> cursor;  // holds what words look at
};

/// The cell that begins there, as a cursor reads it.
std::string cell_at(const CsvBlock& block, const CsvFormat& format, std::size_t offset);

/// Parses the rows of a block; never throws for what is in it.
/// @param parsed  overwritten; its memory is used
void parse_block(const CsvBlock& block, const CsvLayout& layout, const CsvFormat& format, const CellRules& rules,
                 const CsvScan& scan, CsvParsed& parsed);

}  // namespace shoal
