#pragma once

#include <cstdint>
#include <vector>

#include "roles.hpp"
#include "scan.hpp"

namespace shoal {

// What is wrong with a column, by what a scan found in it. @throws Error(bad_data)  naming place, column and what to do

/// A text among numbers is a mistake, or a word for a missing one, where most cells are numbers; else all are names.
[[noreturn]] void refuse_mixture(const CsvFiles& files, std::size_t c, const CsvColumn& column, const CsvPlace& text,
                                 std::int64_t numbers, std::int64_t dates, std::int64_t texts);
/// Numbers that are not written alike, such as "97 %" and "0.5", may be of two kinds.
void check_marks(const CsvFiles& files, std::size_t c, const CsvColumn& column, const CsvFacts& facts, char decimal);
/// Ids mostly. What is declared a number is rounded as all numbers are.
void check_merged(const CsvFiles& files, std::size_t c, const CsvColumn& column, const CsvFacts& facts);
/// Columns of words that are too many to learn, or more than a flag has.
void check_categories(const std::vector<CsvColumn>& columns, const CsvFiles& files, const CsvScan& scan);
/// No cell may be missing.
void check_filled(const CsvColumn& column, const CsvFiles& files, const CsvFacts& facts);
/// Each cell names a split.
void check_splits(const CsvColumn& column, const CsvFiles& files, const CsvFacts& facts);
/// Behind a final delimiter stands nothing.
void check_hollow(const CsvColumn& column, const CsvFiles& files, const CsvFacts& facts);
/// Numbers and dates are not of one column.
void check_dates(const CsvFiles& files, std::size_t c, const CsvColumn& column, const CsvFacts& facts);

}  // namespace shoal
