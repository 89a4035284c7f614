#include "number_marks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "data/import/csv_reader.hpp"

namespace shoal {
namespace {

constexpr std::array<std::string_view, 6> signs{"$", "\u20AC", "\u00A3", "\u00A5", "\u20B9", "%"};
constexpr std::string_view hard_blank = "\u00A0";

bool take_front(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

bool take_back(std::string_view& text, std::string_view what) {
  if (!text.ends_with(what)) return false;
  text.remove_suffix(what.size());
  return true;
}

void skip_blanks(std::string_view& text) {
  while (take_front(text, " ") || take_front(text, hard_blank)) {
  }
  while (take_back(text, " ") || take_back(text, hard_blank)) {
  }
}

char thousands_mark(char decimal) { return decimal == ',' ? '.' : ','; }

/// The digits before the decimal mark without marks after each three; false where they stand elsewhere.
bool join_thousands(std::string_view text, char decimal, std::string& digits, bool& any) {
  const std::string_view whole = text.substr(0, text.find(decimal));
  const std::string_view rest = text.substr(whole.size());
  const char mark = thousands_mark(decimal);
  if (rest.find(mark) != std::string_view::npos) return false;
  const std::size_t first = whole.find(mark);
  any = first != std::string_view::npos;
  if (any && (first < 1 || first > 3 || whole[0] == '0')) return false;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (!any) {
      digits += whole[i];
    } else if ((whole.size() - i) % 4 == 0) {
      if (whole[i] != mark) return false;
    } else {
      if (!csv_digits::is_digit(whole[i])) return false;
      digits += whole[i];
    }
  }
  digits += rest;
  return true;
}

struct Unmarked {
  NumberMarks marks;
  CsvNumber number;
};

std::optional<Unmarked> unmark(std::string_view cell, char decimal) {
  Unmarked result;
  std::string_view text = cell;
  std::string digits;
  const auto take_plus_or_minus = [&] {
    if (!digits.empty() || text.empty() || (text[0] != '-' && text[0] != '+')) return;
    digits.push_back(text[0]);
    text.remove_prefix(1);
  };
  take_plus_or_minus();
  for (const std::string_view sign : signs) {
    if (!take_front(text, sign)) continue;
    result.marks.before.assign(sign);
    break;
  }
  for (const std::string_view sign : signs) {
    if (!result.marks.before.empty() || !take_back(text, sign)) continue;
    result.marks.behind.assign(sign);
    break;
  }
  if (!result.marks.before.empty() || !result.marks.behind.empty()) skip_blanks(text);
  take_plus_or_minus();
  if (text.empty() || !(csv_digits::is_digit(text[0]) || text[0] == decimal)) return std::nullopt;
  if (!join_thousands(text, decimal, digits, result.marks.thousands)) return std::nullopt;
  const auto number = number_of_cell(digits, decimal);
  if (!number) return std::nullopt;
  result.number = *number;
  return result;
}

}  // namespace

std::optional<NumberMarks> marks_of(std::string_view cell, char decimal) {
  const auto found = unmark(cell, decimal);
  return found ? std::optional(found->marks) : std::nullopt;
}

std::optional<NumberMarks> marks_of_both(const NumberMarks& a, const NumberMarks& b) {
  if (a.before != b.before || a.behind != b.behind) return std::nullopt;
  return NumberMarks{a.before, a.behind, a.thousands || b.thousands};
}

std::optional<CsvNumber> number_with_marks(std::string_view cell, const NumberMarks& marks, char decimal) {
  const auto found = unmark(cell, decimal);
  if (!found || marks_of_both(found->marks, marks) != marks) return std::nullopt;
  return found->number;
}

std::string marks_text(const NumberMarks& marks, char decimal) {
  return fmt::format("{}{}{}", marks.before, marks.thousands ? fmt::format("1{}000", thousands_mark(decimal)) : "97",
                     marks.behind);
}

}  // namespace shoal
