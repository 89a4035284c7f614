#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cell_kind.hpp"
#include "shoal/data/columns.hpp"

namespace shoal {

/// What stands around and between the digits of a number: a sign of a currency, "%", marks that part thousands. Nothing
/// for a cell that is no number even without them.
std::optional<NumberMarks> marks_of(std::string_view cell, char decimal);

/// Those of two cells of one column, a number of which may be too small to have thousands; nothing where signs differ.
std::optional<NumberMarks> marks_of_both(const NumberMarks& a, const NumberMarks& b);

/// "$1,000", an example with such marks.
std::string marks_text(const NumberMarks& marks, char decimal);

}  // namespace shoal
