#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <optional>

#include "contents.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/augmentation.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/image_layout.hpp"
#include "shoal/data/normalization.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_read_bytes = std::int64_t{1} << 20;

/// Reads rows of an array and hands each to take(i, its bytes); consecutive rows come by one read.
/// @param held  the array in memory; null: it is read from the file
template <class SourceRow, class Take>
void read_rows(const RandomAccessFile& file, const ArrayInfo& array, const std::byte* held, std::size_t count,
               const SourceRow& source_row, const Take& take) {
  const std::int64_t row_bytes = array.row_bytes();
  if (held != nullptr) {
    for (std::size_t i = 0; i < count; ++i) take(i, held + source_row(i) * row_bytes);
    return;
  }
  const auto most_rows = static_cast<std::size_t>(std::max<std::int64_t>(1, most_read_bytes / row_bytes));
  std::vector<std::byte> buffer;
  for (std::size_t i = 0; i < count;) {
    const std::int64_t first = source_row(i);
    std::size_t run = 1;
    while (run < most_rows && i + run < count && source_row(i + run) == first + static_cast<std::int64_t>(run)) ++run;
    buffer.resize(std::max(buffer.size(), run * static_cast<std::size_t>(row_bytes)));
    const std::span bytes = std::span(buffer).first(run * static_cast<std::size_t>(row_bytes));
    file.read(array.offset + first * row_bytes, bytes);
    for (std::size_t r = 0; r < run; ++r) take(i + r, bytes.data() + r * static_cast<std::size_t>(row_bytes));
    i += run;
  }
}

double value_at(ElementType type, const std::byte* row, std::size_t element) {
  if (type == ElementType::uint8) return element_at<std::uint8_t>(row + element);
  if (type == ElementType::float32) return element_at<float>(row + element * sizeof(float));
  return element_at<double>(row + element * sizeof(double));
}

/// NaN is a missing cell, where there may be such.
template <class T>
bool convert_values(const std::byte* row, bool may_miss, std::span<double> out) {
  bool usable = true;
  for (std::size_t d = 0; d < out.size(); ++d) {
    out[d] = static_cast<double>(element_at<T>(row + d * sizeof(T)));
    usable &= std::isfinite(out[d]) || (may_miss && std::isnan(out[d]));
  }
  return usable;
}

template <class T>
bool convert_normalised(const std::byte* row, std::span<const double> mean, std::span<const double> scale,
                        std::span<float> out) {
  bool finite = true;
  for (std::size_t d = 0; d < out.size(); ++d) {
    out[d] = normalised(static_cast<double>(element_at<T>(row + d * sizeof(T))), mean[d], scale[d]);
    finite &= std::isfinite(out[d]);
  }
  return finite;
}

/// Bytes, of which all columns make the same number: a look at a table, in place of arithmetic in double.
class ByteTable {
 public:
  ByteTable(double mean, double scale) {
    for (std::size_t byte = 0; byte < of_byte_.size(); ++byte) {
      of_byte_[byte] = normalised(static_cast<double>(byte), mean, scale);
      finite_ &= std::isfinite(of_byte_[byte]);
    }
  }
  /// False unless every byte makes a finite number.
  bool convert(const std::byte* row, std::span<float> out) const {
    for (std::size_t d = 0; d < out.size(); ++d) out[d] = of_byte_[std::to_integer<std::size_t>(row[d])];
    return finite_;
  }

 private:
  std::array<float, 256> of_byte_;
  bool finite_ = true;
};

bool all_equal(const std::vector<double>& values) {
  return std::ranges::adjacent_find(values, std::ranges::not_equal_to()) == values.end();
}

/// Dispatches on the element type of x (checked when the data set was opened).
template <class F>
auto with_element(ElementType type, const F& f) {
  if (type == ElementType::uint8) return f(std::uint8_t{});
  if (type == ElementType::float32) return f(float{});
  return f(double{});
}

[[noreturn]] void refuse_not_finite(const std::string& path, const std::string& array, std::int64_t row,
                                    std::string_view what, const std::byte* bytes, ElementType type,
                                    std::size_t count) {
  for (std::size_t d = 0; d < count; ++d) {
    const double value = value_at(type, bytes, d);
    if (!std::isfinite(value)) {
      throw Error(ExitStatus::bad_data, fmt::format("{}: {} row {}, {} {} is {}; remove or replace such values", path,
                                                    array, row, what, d, value));
    }
  }
  throw Error(ExitStatus::bad_data,
              fmt::format("{}: {} row {} holds a value too large for float32; rescale the data", path, array, row));
}

}  // namespace

const std::string& Split::name() const { return contents_->splits[index_].name; }

std::int64_t Split::rows() const {
  return subset_ ? static_cast<std::int64_t>(subset_->size()) : contents_->splits[index_].x.rows();
}

std::int64_t Split::features() const { return contents_->features; }
ElementType Split::element_type() const { return contents_->splits[index_].x.type; }
std::int64_t Split::row_bytes() const { return contents_->splits[index_].x.row_bytes(); }
bool Split::holds_images() const { return element_type() == ElementType::uint8 && contents_->shape.size() > 1; }
bool Split::changed_in_file() const { return !is_held() && contents_->file.written_since(); }
bool Split::has_labels() const { return contents_->splits[index_].labels(); }
bool Split::has_targets() const { return contents_->splits[index_].targets(); }
std::int64_t Split::outputs() const { return has_targets() ? contents_->splits[index_].y->row_elements() : 0; }
std::int64_t Split::classes() const { return contents_->classes; }
bool Split::has_weights() const { return contents_->splits[index_].weight.has_value(); }
bool Split::has_groups() const { return contents_->splits[index_].group.has_value(); }
const std::optional<TableDescription>& Split::table() const { return contents_->table; }
const std::optional<TableDescription>& Split::file_columns() const { return contents_->file_columns; }
const std::vector<std::string>& Split::columns() const { return contents_->columns; }

std::int64_t Split::source_row(std::int64_t i) const {
  assert(i >= 0 && i < rows());
  return subset_ ? (*subset_)[static_cast<std::size_t>(i)] : i;
}

Split Split::subset(std::vector<std::int64_t> rows) const {
  for (std::int64_t& row : rows) row = source_row(row);
  Split part = *this;
  part.subset_ = std::make_shared<const std::vector<std::int64_t>>(std::move(rows));
  return part;
}

std::int64_t Split::stored_bytes() const {
  const auto& arrays = contents_->splits[index_];
  return arrays.x.bytes + (arrays.y ? arrays.y->bytes : 0) + (arrays.weight ? arrays.weight->bytes : 0);
}

void Split::read_stored(std::int64_t first, std::span<std::byte> bytes) const {
  const auto& arrays = contents_->splits[index_];
  std::int64_t begin = 0;  // of the array
  for (const ArrayInfo* array :
       {&arrays.x, arrays.y ? &*arrays.y : nullptr, arrays.weight ? &*arrays.weight : nullptr}) {
    if (array == nullptr) continue;
    const std::int64_t from = std::clamp<std::int64_t>(first - begin, 0, array->bytes);
    const std::int64_t to = std::clamp<std::int64_t>(first + std::ssize(bytes) - begin, 0, array->bytes);
    if (from < to)
      contents_->file.read(array->offset + from, bytes.subspan(static_cast<std::size_t>(begin + from - first),
                                                               static_cast<std::size_t>(to - from)));
    begin += array->bytes;
  }
}

Split Split::held_in(std::shared_ptr<const std::byte> memory) const {
  Split split = *this;
  split.memory_ = std::move(memory);
  return split;
}

/// Where the array is held; null where it is not: texts that name rows never are.
const std::byte* Split::held(const ArrayInfo& array) const {
  if (memory_ == nullptr) return nullptr;
  const auto& arrays = contents_->splits[index_];
  if (&array == &arrays.x) return memory_.get();
  const std::byte* const behind_x = memory_.get() + arrays.x.bytes;
  if (arrays.y && &array == &*arrays.y) return behind_x;
  if (arrays.weight && &array == &*arrays.weight) return behind_x + (arrays.y ? arrays.y->bytes : 0);
  return nullptr;
}

void Split::read(std::span<const std::int64_t> rows, const Normalization& normalization, std::span<float> x) const {
  const auto width = static_cast<std::size_t>(features());
  assert(x.size() == rows.size() * width);
  assert(normalization.mean.empty() || normalization.mean.size() == width);
  assert(normalization.mean.size() == normalization.deviation.size());
  const bool identity = normalization.mean.empty();
  const std::vector<double> mean = identity ? std::vector<double>(width, 0.0) : normalization.mean;
  const std::vector<double> scale = identity ? std::vector<double>(width, 1.0) : normalization.scale();
  const auto& arrays = contents_->splits[index_];
  const auto source = [&](std::size_t i) { return source_row(rows[i]); };
  std::optional<ByteTable> table;
  if (arrays.x.type == ElementType::uint8 && width > 0 && all_equal(mean) && all_equal(scale))
    table.emplace(mean[0], scale[0]);
  read_rows(contents_->file, arrays.x, held(arrays.x), rows.size(), source, [&](std::size_t i, const std::byte* row) {
    const auto out = x.subspan(i * width, width);
    if (table && table->convert(row, out)) return;
    const bool finite = with_element(
        arrays.x.type, [&](auto element) { return convert_normalised<decltype(element)>(row, mean, scale, out); });
    if (!finite)
      refuse_not_finite(contents_->path, arrays.name + "/x", source(i), "feature", row, arrays.x.type, width);
  });
}

void Split::read_images(std::span<const std::int64_t> rows, const ImageLayout& layout, const Augmentation* augmentation,
                        Panels<float> out) const {
  const auto& arrays = contents_->splits[index_];
  const auto source = [&](std::size_t i) { return source_row(rows[i]); };
  read_rows(contents_->file, arrays.x, held(arrays.x), rows.size(), source, [&](std::size_t i, const std::byte* row) {
    const ImageView view = augmentation != nullptr ? augmentation->view(source(i)) : ImageView();
    if (!layout.lay(row, arrays.x.type, view, out, static_cast<std::int64_t>(i)))
      refuse_not_finite(contents_->path, arrays.name + "/x", source(i), "feature", row, arrays.x.type,
                        static_cast<std::size_t>(features()));
  });
}

void Split::read_values(std::span<const std::int64_t> rows, std::span<double> x) const {
  const auto width = static_cast<std::size_t>(features());
  assert(x.size() == rows.size() * width);
  const auto& arrays = contents_->splits[index_];
  const auto source = [&](std::size_t i) { return source_row(rows[i]); };
  read_rows(contents_->file, arrays.x, held(arrays.x), rows.size(), source, [&](std::size_t i, const std::byte* row) {
    const auto out = x.subspan(i * width, width);
    const bool usable = with_element(arrays.x.type, [&](auto element) {
      return convert_values<decltype(element)>(row, contents_->table.has_value(), out);
    });
    if (!usable)
      refuse_not_finite(contents_->path, arrays.name + "/x", source(i), "feature", row, arrays.x.type, width);
  });
}

void Split::read_labels(std::span<const std::int64_t> rows, std::span<std::int32_t> labels) const {
  assert(has_labels() && labels.size() == rows.size());
  const auto& arrays = contents_->splits[index_];
  const auto source = [&](std::size_t i) { return source_row(rows[i]); };
  read_rows(contents_->file, *arrays.y, held(*arrays.y), rows.size(), source,
            [&](std::size_t i, const std::byte* bytes) {
              const std::int64_t label = label_at(arrays.y->type, bytes);
              if (label < 0 || label >= contents_->classes) {
                throw Error(
                    ExitStatus::bad_data,
                    fmt::format(
                        "{}: {}/y row {} is {}, outside 0..{} ({} classes); correct the label or the attribute classes",
                        contents_->path, arrays.name, source(i), label, contents_->classes - 1, contents_->classes));
              }
              labels[i] = static_cast<std::int32_t>(label);
            });
}

void Split::read_targets(std::span<const std::int64_t> rows, std::span<float> targets) const {
  assert(has_targets());
  std::vector<double> values(targets.size());
  read_target_values(rows, values);
  std::transform(values.begin(), values.end(), targets.begin(), [](double v) { return static_cast<float>(v); });
}

void Split::read_target_values(std::span<const std::int64_t> rows, std::span<double> targets) const {
  if (has_labels()) {
    std::vector<std::int32_t> labels(rows.size());
    read_labels(rows, labels);
    std::copy(labels.begin(), labels.end(), targets.begin());
    return;
  }
  const auto width = static_cast<std::size_t>(outputs());
  assert(has_targets() && targets.size() == rows.size() * width);
  const auto& arrays = contents_->splits[index_];
  const auto source = [&](std::size_t i) { return source_row(rows[i]); };
  read_rows(
      contents_->file, *arrays.y, held(*arrays.y), rows.size(), source, [&](std::size_t i, const std::byte* bytes) {
        bool finite = true;
        for (std::size_t k = 0; k < width; ++k) {
          const double value = value_at(arrays.y->type, bytes, k);
          targets[i * width + k] = value;
          finite &= std::isfinite(static_cast<float>(value));
        }
        if (!finite)
          refuse_not_finite(contents_->path, arrays.name + "/y", source(i), "output", bytes, arrays.y->type, width);
      });
}

void Split::read_weights(std::span<const std::int64_t> rows, std::span<double> weights) const {
  assert(has_weights() && weights.size() == rows.size());
  const auto& arrays = contents_->splits[index_];
  const auto source = [&](std::size_t i) { return source_row(rows[i]); };
  read_rows(contents_->file, *arrays.weight, held(*arrays.weight), rows.size(), source,
            [&](std::size_t i, const std::byte* bytes) {
              const double weight = value_at(arrays.weight->type, bytes, 0);
              if (!(weight >= 0.0 && std::isfinite(weight)))
                throw Error(ExitStatus::bad_data, fmt::format("{}: {}/weight row {} is {}; a weight is 0 or more",
                                                              contents_->path, arrays.name, source(i), weight));
              weights[i] = weight;
            });
}

void Split::read_groups(std::span<const std::int64_t> rows, std::span<std::int64_t> groups) const {
  assert(has_groups() && groups.size() == rows.size());
  const auto source = [&](std::size_t i) { return source_row(rows[i]); };
  read_rows(contents_->file, *contents_->splits[index_].group, held(*contents_->splits[index_].group), rows.size(),
            source, [&](std::size_t i, const std::byte* bytes) { groups[i] = element_at<std::int64_t>(bytes); });
}

void Split::read_ids(std::size_t id, std::span<const std::int64_t> rows, std::span<std::string> texts) const {
  assert(texts.size() == rows.size());
  const auto& arrays = contents_->splits[index_];
  const ArrayInfo& array = arrays.ids.at(id);
  const auto source = [&](std::size_t i) { return source_row(rows[i]); };
  read_rows(contents_->file, array, held(array), rows.size(), source, [&](std::size_t i, const std::byte* bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(array.row_bytes()));
    texts[i] = text.substr(0, text.find('\0'));
  });
}

const std::vector<std::string>& Split::id_names() const { return contents_->id_names; }

std::int64_t Split::id_bytes(std::size_t id) const { return contents_->splits[index_].ids.at(id).row_bytes(); }

void Split::check(std::span<const std::int64_t> rows, bool values, bool probabilities) const {
  if (values && is_floating(element_type())) {
    std::vector<double> x(rows.size() * static_cast<std::size_t>(features()));
    read_values(rows, x);
  }
  if (has_weights()) {
    std::vector<double> weights(rows.size());
    read_weights(rows, weights);
  }
  if (has_labels()) {
    std::vector<std::int32_t> labels(rows.size());
    read_labels(rows, labels);
  } else if (has_targets()) {
    std::vector<float> targets(rows.size() * static_cast<std::size_t>(outputs()));
    read_targets(rows, targets);
    const auto wrong = std::find_if(targets.begin(), targets.end(), [](float t) { return t < 0.0F || t > 1.0F; });
    if (!probabilities || wrong == targets.end()) return;
    const auto [row, output] = std::div(wrong - targets.begin(), outputs());
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: {}/y row {}, output {} is {}, and a sigmoid loss takes 0 to 1; correct it, or use "
                            "model.loss = \"mse\"",
                            contents_->path, name(), source_row(rows[static_cast<std::size_t>(row)]), output, *wrong));
  }
}

}  // namespace shoal
