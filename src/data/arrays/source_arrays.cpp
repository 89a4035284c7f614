#include "source_arrays.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

#include "data/import/progress.hpp"
#include "shoal/core/error.hpp"
#include "shoal/tensor/parallel.hpp"
#include "stored_values.hpp"

namespace shoal {
namespace {

constexpr std::int64_t share_elements = std::int64_t{1} << 16;  // of a task

bool stored_as_they_are(const StoredArray& info) { return !info.packing && !info.has_missing(); }

/// Whether the type alone says that float32 holds every value.
bool type_fits_float32(const StoredArray& info) {
  if (info.packing) return false;
  switch (info.type) {
    case ElementType::uint8:
    case ElementType::int8:
    case ElementType::uint16:
    case ElementType::int16:
    case ElementType::float32: return true;
    default: return false;
  }
}

template <class From>
bool all_fit_float32(std::span<const From> stored, const StoredValues<From>& values) {
  std::atomic<bool> fit = true;
  const auto count = static_cast<std::int64_t>(stored.size());
  parallel_for((count + share_elements - 1) / share_elements, [&](std::int64_t share) {
    for (std::int64_t i = share * share_elements; i < std::min(count, (share + 1) * share_elements); ++i) {
      const From one = stored[static_cast<std::size_t>(i)];
      if (values.is_missing(one)) continue;
      const double value = values.value(one);
      const bool finite = std::isfinite(value);  // what is not is refused later
      const bool fits = fits_double(one) && std::fabs(value) <= std::numeric_limits<float>::max() &&
                        static_cast<double>(static_cast<float>(value)) == value;
      if (finite && !fits) {
        fit = false;
        return;
      }
    }
  });
  return fit;
}

/// How what is stored is understood; empty where values are as they are stored.
std::string conventions_of(const StoredArray& info) {
  std::string text;
  if (info.packing)
    text = fmt::format("{} that stand for {} * stored + {}", element_name(info.type), info.packing->scale,
                       info.packing->offset);
  std::vector<std::string> fills;
  with_type(info.type, [&]<class From>(From) {
    for (std::size_t at = 0; at < info.missing.size(); at += sizeof(From)) {
      From value;
      std::memcpy(&value, info.missing.data() + at, sizeof value);
      fills.push_back(fmt::format("{}", value));
    }
  });
  if (!fills.empty())
    text += fmt::format("{}{} {} missing", text.empty() ? "" : ", where ", fmt::join(fills, " and "),
                        fills.size() == 1 ? "is" : "are");
  if (info.least || info.greatest)
    text += fmt::format("{}what lies outside [{}, {}] is missing", text.empty() ? "" : ", and ",
                        info.least ? fmt::format("{}", *info.least) : "-inf",
                        info.greatest ? fmt::format("{}", *info.greatest) : "inf");
  return text;
}

/// Refused: the first value of a row, counted in the file.
[[noreturn]] void refuse_value(const std::string& place, std::int64_t element, double value, bool is_whole) {
  if (is_whole)
    throw Error(ExitStatus::bad_data,
                fmt::format("{}, element {} is a whole number that float64 does not hold; save it in another way",
                            place, element));
  throw Error(ExitStatus::bad_data, fmt::format("{}, element {} is {}; replace it or remove the row{}", place, element,
                                                value, std::isnan(value) ? ", or say --missing nan" : ""));
}

}  // namespace

SourceArrays::SourceArrays(std::string name, std::vector<ArrayOrigin> origins, MissingNumbers missing)
    : name_(std::move(name)), origins_(std::move(origins)), missing_(std::move(missing)) {
  starts_.push_back(0);
  for (const ArrayOrigin& origin : origins_) {
    infos_.push_back(origin.open()->info());
    const StoredArray& info = infos_.back();
    if (info.row_elements() < 1)
      throw Error(ExitStatus::bad_data, fmt::format("{}: its shape ({}) holds no value; leave it out", origin.name,
                                                    fmt::join(info.shape, ", ")));
    starts_.push_back(starts_.back() + info.rows());
    const std::vector<std::int64_t> row_shape(info.shape.begin() + 1, info.shape.end());
    if (infos_.size() == 1) row_shape_ = row_shape;
    if (row_shape != row_shape_)
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}: rows of shape ({}), those of {} have ({}); both need the same", origin.name,
                              fmt::join(row_shape, ", "), origins_.front().name, fmt::join(row_shape_, ", ")));
  }
  row_elements_ = infos_.front().row_elements();
}

bool SourceArrays::has_missing() const {
  return missing_.any() || std::ranges::any_of(infos_, [](const StoredArray& info) { return info.has_missing(); });
}

bool SourceArrays::are_bytes() const {
  return !missing_.any() && std::ranges::all_of(infos_, [](const StoredArray& info) {
    return info.type == ElementType::uint8 && stored_as_they_are(info);
  });
}

bool SourceArrays::hold_float64() const {
  return std::ranges::any_of(
      infos_, [](const StoredArray& info) { return info.type == ElementType::float64 && !info.packing; });
}

bool SourceArrays::are_whole() const {
  return missing_.numbers.empty() && std::ranges::all_of(infos_, [](const StoredArray& info) {
           return !is_floating(info.type) && stored_as_they_are(info);
         });
}

std::size_t SourceArrays::file_of(std::int64_t row) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(starts_, row) - starts_.begin()) - 1;
}

ArrayReader& SourceArrays::open(std::size_t file) {
  if (array_ == nullptr || current_ != file) {
    array_.reset();  // its memory first
    array_ = origins_[file].open();
    current_ = file;
  }
  return *array_;
}

bool SourceArrays::fit_float32() {
  if (fit_float32_) return *fit_float32_;
  fit_float32_ = true;
  ImportProgress progress("looking at " + name_, rows());
  for (std::size_t f = 0; f < origins_.size() && *fit_float32_; ++f) {
    const StoredArray& info = infos_[f];
    if (type_fits_float32(info)) continue;
    for (std::int64_t row = 0; row < info.rows() && *fit_float32_;) {
      const ArrayBlock& block = open(f).block(row);
      fit_float32_ = with_type(info.type, [&]<class From>(From) {
        const std::span<const From> stored(reinterpret_cast<const From*>(block.bytes.data()),
                                           block.bytes.size() / sizeof(From));
        return all_fit_float32(stored, StoredValues<From>(info, missing_));
      });
      progress.add(block.rows);
      row = block.first + block.rows;
    }
  }
  return *fit_float32_;
}

template <class T>
void SourceArrays::read(std::span<const std::int64_t> rows, T* out, std::int64_t stride) {
  std::atomic<std::int64_t> missing = 0;
  for (std::size_t begin = 0; begin < rows.size();) {
    const std::size_t file = file_of(rows[begin]);
    const StoredArray& info = infos_[file];
    const std::int64_t start = starts_[file];
    const ArrayBlock& block = open(file).block(rows[begin] - start);
    const std::int64_t block_end = start + block.first + block.rows;
    std::size_t end = begin;
    while (end < rows.size() && rows[end] < block_end) ++end;
    with_type(info.type, [&]<class From>(From) {
      const StoredValues<From> values(info, missing_);
      const auto* const stored = reinterpret_cast<const From*>(block.bytes.data());
      const std::int64_t share = std::max<std::int64_t>(1, share_elements / row_elements_);
      const auto count = static_cast<std::int64_t>(end - begin);
      parallel_for((count + share - 1) / share, [&](std::int64_t task) {
        std::int64_t absent = 0;
        for (std::int64_t i = task * share; i < std::min(count, (task + 1) * share); ++i) {
          const auto at = begin + static_cast<std::size_t>(i);
          const From* const from = stored + (rows[at] - start - block.first) * row_elements_;
          T* const to = out + static_cast<std::int64_t>(at) * stride;
          for (std::int64_t v = 0; v < row_elements_; ++v) {
            if constexpr (std::is_same_v<T, std::uint8_t>) {
              to[v] = static_cast<std::uint8_t>(from[v]);  // as it is: are_bytes()
            } else if (values.is_missing(from[v])) {
              to[v] = std::numeric_limits<T>::quiet_NaN();
              ++absent;
            } else {
              const double value = values.value(from[v]);
              if (!std::isfinite(value) || !fits_double(from[v]))
                refuse_value(place(rows[at]), v, value, std::isfinite(value));
              to[v] = static_cast<T>(value);
            }
          }
        }
        missing += absent;
      });
    });
    begin = end;
  }
  missing_seen_ += missing;
}

template void SourceArrays::read(std::span<const std::int64_t>, std::uint8_t*, std::int64_t);
template void SourceArrays::read(std::span<const std::int64_t>, float*, std::int64_t);
template void SourceArrays::read(std::span<const std::int64_t>, double*, std::int64_t);

std::string SourceArrays::conventions() const {
  const std::string first = conventions_of(infos_.front());
  const auto differs = [&](const StoredArray& info) { return conventions_of(info) != first; };
  const auto other = std::ranges::find_if(infos_, differs);
  if (other == infos_.end()) return first.empty() ? "" : fmt::format("{}: {}", name_, first);
  const auto told = [](const std::string& text) { return text.empty() ? "values are as they are stored" : text; };
  const ArrayOrigin& origin = origins_[static_cast<std::size_t>(other - infos_.begin())];
  const auto differing = std::ranges::count_if(infos_, differs);
  return fmt::format("{}: {}; {} of {} files {} otherwise, the first is {}: {}", name_, told(first), differing,
                     infos_.size(), differing == 1 ? "says" : "say", origin.name, told(conventions_of(*other)));
}

std::vector<std::pair<std::string, std::string>> SourceArrays::units() const {
  std::vector<std::pair<std::string, std::string>> units;
  for (std::size_t f = 0; f < infos_.size(); ++f) {
    if (!infos_[f].units.empty()) units.emplace_back(origins_[f].name, infos_[f].units);
  }
  return units;
}

std::string SourceArrays::place(std::int64_t row) const {
  const std::size_t file = file_of(row);
  return fmt::format("{}: row {}", origins_[file].name, row - starts_[file]);
}

}  // namespace shoal
