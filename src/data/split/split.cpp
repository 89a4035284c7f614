#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>

#include "data/split/row_values.hpp"
#include "data/split/split_parts.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/augmentation.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/image_layout.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_read_bytes = std::int64_t{1} << 20;

/// Reads rows of an array and hands each to take(i, its bytes); consecutive rows come by one read.
/// @param held  the array in memory; null: it is read from the file
template <class SourceRow, class Take>
void read_array(const RandomAccessFile& file, const ArrayInfo& array, const std::byte* held, std::size_t count,
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

constexpr auto x_of_split = [](const auto& arrays) -> const ArrayInfo& { return arrays.x; };
constexpr auto y_of_split = [](const auto& arrays) -> const ArrayInfo& { return *arrays.y; };
constexpr auto weight_of_split = [](const auto& arrays) -> const ArrayInfo& { return *arrays.weight; };

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

const std::string& Split::name() const { return parts_->name; }

std::vector<std::string> Split::names() const {
  std::vector<std::string> names;
  for (const Parts::Part& part : parts_->all) names.push_back(part.arrays->name);
  return names;
}

std::int64_t Split::rows() const { return subset_ ? static_cast<std::int64_t>(subset_->size()) : parts_->rows; }

std::int64_t Split::features() const { return contents_->features; }
ElementType Split::element_type() const { return parts_->front().x.type; }
std::int64_t Split::row_bytes() const { return parts_->front().x.row_bytes(); }
bool Split::holds_images() const { return element_type() == ElementType::uint8 && contents_->shape.size() > 1; }
bool Split::changed_in_file() const { return !is_held() && contents_->file.written_since(); }
bool Split::has_labels() const { return parts_->front().labels(); }
bool Split::has_targets() const { return parts_->front().targets(); }
std::int64_t Split::outputs() const { return has_targets() ? parts_->front().y->row_elements() : 0; }
std::int64_t Split::classes() const { return contents_->classes; }
bool Split::has_weights() const { return parts_->front().weight.has_value(); }
bool Split::has_groups() const {
  return std::ranges::any_of(parts_->all, [](const Parts::Part& part) { return part.arrays->group.has_value(); });
}
const std::optional<TableDescription>& Split::table() const { return contents_->table; }
const std::optional<TableDescription>& Split::file_columns() const { return contents_->file_columns; }
const std::vector<std::string>& Split::columns() const { return contents_->columns; }

std::int64_t Split::source_row(std::int64_t i) const {
  assert(i >= 0 && i < rows());
  return subset_ ? (*subset_)[static_cast<std::size_t>(i)] : i;
}

Split::Place Split::place_of(std::int64_t i) const {
  const std::int64_t row = source_row(i);
  const Parts::Part& part = parts_->part_of(row);
  return {part.arrays->name, row - part.first_row};
}

std::string Split::row_name(std::int64_t i) const {
  const Place place = place_of(i);
  return fmt::format("row {} of split \"{}\"", place.row, place.split);
}

bool Split::is_of_split_of(const Split& other) const {
  return contents_ == other.contents_ &&
         std::ranges::equal(parts_->all, other.parts_->all, {}, &Parts::Part::arrays, &Parts::Part::arrays);
}

Split Split::subset(std::vector<std::int64_t> rows) const {
  for (std::int64_t& row : rows) row = source_row(row);
  Split part = *this;
  part.subset_ = std::make_shared<const std::vector<std::int64_t>>(std::move(rows));
  return part;
}

std::int64_t Split::stored_bytes() const { return parts_->stored_bytes; }

void Split::read_stored(std::int64_t first, std::span<std::byte> bytes) const {
  std::int64_t begin = 0;  // of the array
  for (const Parts::Part& part : parts_->all) {
    for (const ArrayInfo* array : part.arrays->stored()) {
      if (array == nullptr) continue;
      const std::int64_t from = std::clamp<std::int64_t>(first - begin, 0, array->bytes);
      const std::int64_t to = std::clamp<std::int64_t>(first + std::ssize(bytes) - begin, 0, array->bytes);
      if (from < to)
        contents_->file.read(array->offset + from, bytes.subspan(static_cast<std::size_t>(begin + from - first),
                                                                 static_cast<std::size_t>(to - from)));
      begin += array->bytes;
    }
  }
}

Split Split::held_in(std::shared_ptr<const std::byte> memory) const {
  Split split = *this;
  split.memory_ = std::move(memory);
  return split;
}

template <class Array, class Take>
void Split::read_rows(std::span<const std::int64_t> rows, const Array& array, const Take& take) const {
  // Where the array of a part is held; null where it is not: groups and texts that name rows never are.
  const auto held = [&](const Parts::Part& part, const ArrayInfo& wanted) -> const std::byte* {
    if (memory_ == nullptr) return nullptr;
    std::int64_t at = part.first_byte;
    for (const ArrayInfo* stored : part.arrays->stored()) {
      if (stored == &wanted) return memory_.get() + at;
      at += stored != nullptr ? stored->bytes : 0;
    }
    return nullptr;
  };
  const auto read = [&](const Parts::Part& part, std::size_t count, const auto& row, const auto& take_one) {
    const ArrayInfo& wanted = array(*part.arrays);
    read_array(contents_->file, wanted, held(part, wanted), count, row, take_one);
  };
  const auto source = [&](std::size_t i) { return source_row(rows[i]); };
  if (!parts_->several()) {
    const Parts::Part& part = parts_->all.front();
    return read(part, rows.size(), source,
                [&](std::size_t i, const std::byte* bytes) { take(i, bytes, *part.arrays); });
  }
  for (std::size_t begin = 0; begin < rows.size();) {
    const Parts::Part& part = parts_->part_of(source(begin));
    const auto in_part = [&](std::int64_t row) { return row >= part.first_row && row < parts_->end_row(part); };
    std::size_t count = 1;
    while (begin + count < rows.size() && in_part(source(begin + count))) ++count;
    read(
        part, count, [&](std::size_t i) { return source(begin + i) - part.first_row; },
        [&](std::size_t i, const std::byte* bytes) { take(begin + i, bytes, *part.arrays); });
    begin += count;
  }
}

void Split::read(std::span<const std::int64_t> rows, const Normalization& normalization, std::span<float> x) const {
  const auto width = static_cast<std::size_t>(features());
  assert(x.size() == rows.size() * width);
  const RowNormalizer normalizer(element_type(), normalization, width);
  read_rows(rows, x_of_split, [&](std::size_t i, const std::byte* row, const auto& arrays) {
    if (!normalizer.convert(row, x.subspan(i * width, width)))
      refuse_not_finite(contents_->path, arrays.name + "/x", place_of(rows[i]).row, "feature", row, arrays.x.type,
                        width);
  });
}

void Split::read_images(std::span<const std::int64_t> rows, const ImageLayout& layout, const Augmentation* augmentation,
                        Panels<float> out) const {
  read_rows(rows, x_of_split, [&](std::size_t i, const std::byte* row, const auto& arrays) {
    const ImageView view = augmentation != nullptr ? augmentation->view(source_row(rows[i])) : ImageView();
    if (!layout.lay(row, arrays.x.type, view, out, static_cast<std::int64_t>(i)))
      refuse_not_finite(contents_->path, arrays.name + "/x", place_of(rows[i]).row, "feature", row, arrays.x.type,
                        static_cast<std::size_t>(features()));
  });
}

void Split::read_values(std::span<const std::int64_t> rows, std::span<double> x) const {
  const auto width = static_cast<std::size_t>(features());
  assert(x.size() == rows.size() * width);
  const bool may_miss = contents_->table.has_value();
  read_rows(rows, x_of_split, [&](std::size_t i, const std::byte* row, const auto& arrays) {
    if (!read_values_of_row(arrays.x.type, row, may_miss, x.subspan(i * width, width)))
      refuse_not_finite(contents_->path, arrays.name + "/x", place_of(rows[i]).row, "feature", row, arrays.x.type,
                        width);
  });
}

void Split::read_labels(std::span<const std::int64_t> rows, std::span<std::int32_t> labels) const {
  assert(has_labels() && labels.size() == rows.size());
  read_rows(rows, y_of_split, [&](std::size_t i, const std::byte* bytes, const auto& arrays) {
    const std::int64_t label = label_at(arrays.y->type, bytes);
    if (label < 0 || label >= contents_->classes)
      throw Error(
          ExitStatus::bad_data,
          fmt::format("{}: {}/y row {} is {}, outside 0..{} ({} classes); correct the label or the attribute classes",
                      contents_->path, arrays.name, place_of(rows[i]).row, label, contents_->classes - 1,
                      contents_->classes));
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
  read_rows(rows, y_of_split, [&](std::size_t i, const std::byte* bytes, const auto& arrays) {
    bool finite = true;
    for (std::size_t k = 0; k < width; ++k) {
      const double value = value_at(arrays.y->type, bytes, k);
      targets[i * width + k] = value;
      finite &= std::isfinite(static_cast<float>(value));
    }
    if (!finite)
      refuse_not_finite(contents_->path, arrays.name + "/y", place_of(rows[i]).row, "output", bytes, arrays.y->type,
                        width);
  });
}

void Split::read_weights(std::span<const std::int64_t> rows, std::span<double> weights) const {
  assert(has_weights() && weights.size() == rows.size());
  read_rows(rows, weight_of_split, [&](std::size_t i, const std::byte* bytes, const auto& arrays) {
    const double weight = value_at(arrays.weight->type, bytes, 0);
    if (!(weight >= 0.0 && std::isfinite(weight)))
      throw Error(ExitStatus::bad_data, fmt::format("{}: {}/weight row {} is {}; a weight is 0 or more",
                                                    contents_->path, arrays.name, place_of(rows[i]).row, weight));
    weights[i] = weight;
  });
}

void Split::read_groups(std::span<const std::int64_t> rows, std::span<std::int64_t> groups) const {
  assert(has_groups() && groups.size() == rows.size());
  const auto group_of_split = [&](const auto& arrays) -> const ArrayInfo& {
    if (arrays.group) return *arrays.group;
    throw Error(
        ExitStatus::bad_data,
        fmt::format("{}: {} has no group beside x, as another split has whose rows are taken together with its: "
                    "they cannot be told apart by groups; give it one, or set no rows of these apart",
                    contents_->path, arrays.name));
  };
  read_rows(rows, group_of_split,
            [&](std::size_t i, const std::byte* bytes, const auto&) { groups[i] = element_at<std::int64_t>(bytes); });
}

void Split::read_ids(std::size_t id, std::span<const std::int64_t> rows, std::span<std::string> texts) const {
  assert(texts.size() == rows.size());
  const auto id_of_split = [id](const auto& arrays) -> const ArrayInfo& { return arrays.ids.at(id); };
  read_rows(rows, id_of_split, [&](std::size_t i, const std::byte* bytes, const auto& arrays) {
    const std::string_view text(reinterpret_cast<const char*>(bytes),
                                static_cast<std::size_t>(arrays.ids[id].row_bytes()));
    texts[i] = text.substr(0, text.find('\0'));
  });
}

const std::vector<std::string>& Split::id_names() const { return contents_->id_names; }

std::int64_t Split::id_bytes(std::size_t id) const {
  std::int64_t most = 0;
  for (const Parts::Part& part : parts_->all) most = std::max(most, part.arrays->ids.at(id).row_bytes());
  return most;
}

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
    const Place place = place_of(rows[static_cast<std::size_t>(row)]);
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: {}/y row {}, output {} is {}, and a sigmoid loss takes 0 to 1; correct it, or use "
                            "model.loss = \"mse\"",
                            contents_->path, place.split, place.row, output, *wrong));
  }
}

}  // namespace shoal
