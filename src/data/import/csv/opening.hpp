#pragma once

#include <optional>
#include <string>
#include <vector>

#include "block_reader.hpp"
#include "data/import/cells/cell_kind.hpp"
#include "sample.hpp"

namespace shoal {

/// What is known of the form of files before they are looked at.
struct CsvForm {
  std::optional<char> delimiter;
  std::optional<char> decimal;
  std::optional<bool> header;
  std::string why_header = "said";
  std::string why_decimal = "said";
  std::vector<std::string> missing;
  std::optional<std::size_t> unsure;      ///< a column that has no say about the header
  std::vector<std::string> names_wanted;  ///< line 1 with all of them is a header; may be empty
};

/// What the beginning of the first file says.
struct CsvOpened {
  CsvFormat format;
  bool header = false;
  CsvCells names;                  ///< of all columns; without a header "0", "1", ...; behind a final delimiter ""
  std::vector<CsvCells> rows;      ///< the first ones below the header
  std::vector<std::string> notes;  ///< how it was read, and why
};

CsvOpened open_csv(const CsvFiles& files, const CsvForm& form);
/// Names in line 1 of another of the files, or numbers for as many columns as it has.
CsvCells names_of_file(const CsvFiles& files, std::size_t file, const CsvFormat& format, bool header);

}  // namespace shoal
