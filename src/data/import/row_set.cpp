#include "row_set.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace shoal {
namespace {

constexpr std::int64_t word_rows = 64;
constexpr std::int64_t stretch_rows = 256;

std::size_t word_at(std::int64_t row) { return static_cast<std::size_t>(row / word_rows); }
std::uint64_t bit_of(std::int64_t row) { return std::uint64_t{1} << (row % word_rows); }

}  // namespace

RowSet::RowSet(std::int64_t rows, Of which)
    : rows_(rows),
      count_(which == Of::all ? rows : 0),
      words_(word_at(rows + word_rows - 1), which == Of::all ? ~std::uint64_t{0} : 0) {
  if (which == Of::all && rows % word_rows != 0) words_.back() = bit_of(rows) - 1;
}

bool RowSet::contains(std::int64_t row) const { return (words_[word_at(row)] & bit_of(row)) != 0; }

void RowSet::insert(std::int64_t row) {
  count_ += contains(row) ? 0 : 1;
  words_[word_at(row)] |= bit_of(row);
}

void RowSet::erase(const RowSet& others) {
  assert(others.rows_ == rows_);
  count_ = 0;
  for (std::size_t w = 0; w < words_.size(); ++w) {
    words_[w] &= ~others.words_[w];
    count_ += std::popcount(words_[w]);
  }
}

std::int64_t RowSet::after(std::int64_t row) const {
  const std::int64_t first = row + 1;
  if (first >= rows_) return rows_;
  std::size_t w = word_at(first);
  std::uint64_t word = words_[w] & ~(bit_of(first) - 1);
  while (word == 0) {
    if (++w == words_.size()) return rows_;
    word = words_[w];
  }
  return static_cast<std::int64_t>(w) * word_rows + std::countr_zero(word);
}

RankedRows::RankedRows(RowSet rows) : rows_(std::move(rows)) {
  std::int64_t count = 0;
  std::int64_t row = rows_.after(-1);
  for (std::int64_t first = 0; first < rows_.rows(); first += stretch_rows) {
    before_.push_back(count);
    for (; row < std::min(rows_.rows(), first + stretch_rows); row = rows_.after(row)) ++count;
  }
}

std::int64_t RankedRows::at(std::int64_t place) const {
  assert(place >= 0 && place < count());
  const auto stretch = std::upper_bound(before_.begin(), before_.end(), place) - before_.begin() - 1;
  std::int64_t row = stretch * stretch_rows - 1;
  for (std::int64_t passed = before_[static_cast<std::size_t>(stretch)]; passed <= place; ++passed)
    row = rows_.after(row);
  return row;
}

}  // namespace shoal
