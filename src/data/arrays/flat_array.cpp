#include "flat_array.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "data/contents.hpp"
#include "shoal/core/error.hpp"

namespace shoal {

FlatArray::FlatArray(std::string name, std::unique_ptr<ArrayBytes> bytes, FlatLayout layout, std::int64_t block_bytes)
    : name_(std::move(name)), bytes_(std::move(bytes)), layout_(std::move(layout)) {
  std::vector<std::int64_t>& shape = layout_.array.shape;
  const auto refuse = [&](const std::string& what) { throw Error(ExitStatus::bad_data, name_ + ": " + what); };
  if (shape.size() > most_dimensions)
    refuse(fmt::format("the {} array has {} dimensions; {} are the most", layout_.kind, shape.size(), most_dimensions));
  data_bytes_ = static_cast<std::int64_t>(layout_.form.bytes);
  constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max() / 2;
  bool overflows = false;
  for (const std::int64_t extent : shape) overflows |= __builtin_mul_overflow(data_bytes_, extent, &data_bytes_);
  if (std::ranges::find(shape, 0) != shape.end() || shape.empty())
    refuse(fmt::format("the {} shape ({}) has no rows; the first dimension counts the rows", layout_.kind,
                       fmt::join(shape, ", ")));
  if (overflows) data_bytes_ = endless;
  if (const std::optional<std::int64_t> size = bytes_->size(); size && *size != layout_.begin + data_bytes_)
    refuse_size(*size - layout_.begin > data_bytes_ ? "more" : std::to_string(*size - layout_.begin));
  if (overflows) refuse_size("less");
  if (info().row_elements() > most_features)
    refuse(fmt::format("rows of {} values; {} are the most", info().row_elements(), most_features));
  const std::int64_t row_bytes = info().row_elements() * static_cast<std::int64_t>(element_bytes(info().type));
  block_rows_ = std::max<std::int64_t>(1, block_bytes / row_bytes);
}

void FlatArray::refuse_size(const std::string& holds) const {
  throw Error(ExitStatus::bad_data,
              fmt::format("{}: the {} shape ({}) needs {} bytes, the file holds {}; save it again", name_, layout_.kind,
                          fmt::join(layout_.array.shape, ", "), data_bytes_, holds));
}

void FlatArray::read_exactly(std::int64_t offset, std::span<std::byte> out) {
  const std::size_t got = bytes_->read(layout_.begin + offset, out);
  if (got < out.size()) refuse_size(std::to_string(offset + static_cast<std::int64_t>(got)));
  if (offset + static_cast<std::int64_t>(got) < data_bytes_ || bytes_->size()) return;
  std::byte more{};
  if (bytes_->read(layout_.begin + data_bytes_, {&more, 1}) > 0) refuse_size("more");
}

void FlatArray::read_growing(std::int64_t offset, std::int64_t count, std::vector<std::byte>& out) {
  constexpr std::int64_t begin = std::int64_t{1} << 20;
  out.clear();
  for (std::int64_t at = 0; at < count;) {
    const std::int64_t ask = std::min(count - at, bytes_->is_plain() ? count : std::max(at, begin));
    out.resize(static_cast<std::size_t>(at + ask));
    read_exactly(offset + at, std::span(out).subspan(static_cast<std::size_t>(at)));
    at += ask;
  }
}

void FlatArray::read_rows(std::int64_t first, std::int64_t rows) {
  const std::int64_t elements = layout_.array.row_elements();
  const std::int64_t row_bytes = elements * static_cast<std::int64_t>(layout_.form.bytes);
  read_growing(first * row_bytes, rows * row_bytes, raw_);
  values_.resize(static_cast<std::size_t>(rows * elements) * element_bytes(info().type));
  convert_stored(layout_.form, raw_.data(), values_.data(), static_cast<std::size_t>(rows * elements));
}

/// Element (row, j) lies at row + rows * j', j' counting j's indices with the first as the fastest.
void FlatArray::read_columns(std::int64_t first, std::int64_t rows) {
  const std::vector<std::int64_t>& shape = layout_.array.shape;
  const auto width = static_cast<std::int64_t>(layout_.form.bytes);
  const std::size_t value_bytes = element_bytes(info().type);
  const std::int64_t elements = layout_.array.row_elements();
  if (!bytes_->is_plain() && whole_.empty()) read_growing(0, data_bytes_, whole_);
  values_.resize(static_cast<std::size_t>(rows * elements) * value_bytes);
  std::vector<std::byte> converted(static_cast<std::size_t>(rows) * value_bytes);
  raw_.resize(static_cast<std::size_t>(rows * width));
  std::vector<std::int64_t> index(shape.size(), 0);  // of j; index[0] is not used
  for (std::int64_t j = 0; j < elements; ++j) {
    std::int64_t column = 0;
    for (std::size_t d = shape.size(); d-- > 1;) column = column * shape[d] + index[d];
    const std::int64_t begin = (column * shape[0] + first) * width;
    const std::byte* stored = raw_.data();
    if (whole_.empty()) {
      read_exactly(begin, raw_);
    } else {
      stored = whole_.data() + begin;
    }
    convert_stored(layout_.form, stored, converted.data(), static_cast<std::size_t>(rows));
    for (std::int64_t r = 0; r < rows; ++r)
      std::copy_n(converted.data() + static_cast<std::size_t>(r) * value_bytes, value_bytes,
                  values_.data() + static_cast<std::size_t>(r * elements + j) * value_bytes);
    for (std::size_t d = shape.size(); d-- > 1 && ++index[d] == shape[d];) index[d] = 0;
  }
}

const ArrayBlock& FlatArray::block(std::int64_t row) {
  if (row >= block_.first && row < block_.first + block_.rows) return block_;
  block_ = {};
  const std::int64_t first = row / block_rows_ * block_rows_;
  const std::int64_t rows = std::min(block_rows_, info().rows() - first);
  if (layout_.by_columns && info().shape.size() > 1) {
    read_columns(first, rows);
  } else {
    read_rows(first, rows);
  }
  block_ = {first, rows, values_};
  return block_;
}

}  // namespace shoal
