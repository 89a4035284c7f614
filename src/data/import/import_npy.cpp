#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <cmath>

#include "csv_reader.hpp"
#include "data/contents.hpp"
#include "labels.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/import.hpp"
#include "splits.hpp"

namespace shoal {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(ExitStatus::bad_data, fmt::format("{}: {}", path, what));
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

struct Npy {
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;  // rank at least 1
  std::vector<std::byte> data;

  std::size_t row_elements() const { return data.size() / element_bytes(type) / static_cast<std::size_t>(shape[0]); }
  template <class T>
  std::vector<T> values() const {
    std::vector<T> result(data.size() / sizeof(T));
    std::memcpy(result.data(), data.data(), data.size());
    return result;
  }
};

/// What follows `'key':` in the header, a Python dictionary with fixed keys.
std::string_view header_value(const std::string& path, std::string_view header, std::string_view key) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) refuse(path, fmt::format("the NPY header has no '{}'; save the array again", key));
  return trimmed(header.substr(at + key.size() + 3));
}

ElementType element_of(const std::string& path, std::string_view descr) {
  static constexpr std::array<std::pair<std::string_view, ElementType>, 10> known{{{"|u1", ElementType::uint8},
                                                                                   {"<u2", ElementType::uint16},
                                                                                   {"<u4", ElementType::uint32},
                                                                                   {"<u8", ElementType::uint64},
                                                                                   {"|i1", ElementType::int8},
                                                                                   {"<i2", ElementType::int16},
                                                                                   {"<i4", ElementType::int32},
                                                                                   {"<i8", ElementType::int64},
                                                                                   {"<f4", ElementType::float32},
                                                                                   {"<f8", ElementType::float64}}};
  for (const auto& [name, type] : known) {
    if (descr == name) return type;
  }
  refuse(path, fmt::format("NPY element type '{}'; save little-endian whole numbers or floats, such as "
                           "array.astype('<f4')",
                           shown(descr)));
}

std::vector<std::int64_t> shape_of(const std::string& path, std::string_view text) {
  const std::string_view inside = text.substr(0, text.find(')'));
  std::vector<std::int64_t> shape;
  const char* at = inside.data();
  const char* const end = at + inside.size();
  while (at != end) {
    if (*at == '(' || *at == ',' || *at == ' ') {
      ++at;
      continue;
    }
    std::int64_t extent = 0;
    const auto [next, error] = std::from_chars(at, end, extent);
    if (error != std::errc() || extent < 0)
      refuse(path, fmt::format("NPY shape {}; save the array again", shown(text)));
    shape.push_back(extent);
    at = next;
  }
  return shape;
}

/// Source: NumPy documentation, numpy.lib.format.
Npy read_npy(const std::string& path) {
  InputFile file(path);
  const std::vector<std::byte> magic = file.read_up_to(8);
  if (magic.empty()) refuse(path, "the file is empty; save the array again");
  if (magic.size() < 8 || std::memcmp(magic.data(), "\x93NUMPY", 6) != 0) {
    refuse(path, "no NPY file: it does not begin with \\x93NUMPY; save one array with numpy.save");
  }
  const auto version = static_cast<int>(magic[6]);
  if (version < 1 || version > 3) refuse(path, fmt::format("NPY version {}; 1 to 3 are read", version));
  const std::vector<std::byte> size_bytes = file.read_up_to(version == 1 ? 2 : 4);
  std::size_t header_bytes = 0;
  for (std::size_t i = size_bytes.size(); i-- > 0;)
    header_bytes = header_bytes << 8 | static_cast<std::size_t>(size_bytes[i]);
  const std::vector<std::byte> raw = file.read_up_to(header_bytes);
  if (raw.size() < header_bytes || raw.empty())
    refuse(path, "the file ends inside the NPY header; save the array again");
  const std::string header(reinterpret_cast<const char*>(raw.data()), raw.size());

  Npy npy;
  const std::string_view descr = header_value(path, header, "descr");
  if (descr.empty() || descr.front() != '\'') refuse(path, "an NPY array of records; save one plain array a file");
  npy.type = element_of(path, descr.substr(1, descr.find('\'', 1) - 1));
  npy.shape = shape_of(path, header_value(path, header, "shape"));
  if (header_value(path, header, "fortran_order").starts_with("True") && npy.shape.size() > 1) {
    refuse(path, "an NPY array in Fortran order; save numpy.ascontiguousarray(array)");
  }
  if (npy.shape.size() > most_dimensions) {
    refuse(path, fmt::format("an NPY array of {} dimensions; {} are the most", npy.shape.size(), most_dimensions));
  }
  std::size_t bytes = element_bytes(npy.type);
  for (const std::int64_t extent : npy.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::size_t>(extent), &bytes))
      bytes = static_cast<std::size_t>(-1) / 2;
  }
  if (npy.shape.empty() || bytes == 0) {
    refuse(path,
           fmt::format("the NPY shape {} has no rows; the first dimension counts the rows", shape_text(npy.shape)));
  }
  npy.data = file.read_up_to(bytes);
  if (npy.data.size() < bytes || file.peek() >= 0) {
    refuse(path, fmt::format("the NPY shape {} needs {} bytes, the file holds {}; save the array again",
                             shape_text(npy.shape), bytes,
                             npy.data.size() < bytes ? std::to_string(npy.data.size()) : std::string("more")));
  }
  return npy;
}

template <class T>
std::vector<T> finite_values(const std::string& path, const Npy& npy) {
  std::vector<T> values = npy.values<T>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    refuse(path, fmt::format("row {}, element {} is {}; replace it or remove the row", i / npy.row_elements(),
                             i % npy.row_elements(), values[i]));
  }
  return values;
}

Column column_x(const std::string& path, const Npy& npy) {
  std::vector<std::int64_t> shape(npy.shape.begin() + 1, npy.shape.end());
  if (shape.empty()) shape.push_back(1);
  if (npy.type == ElementType::uint8) return column_of(npy.values<std::uint8_t>(), std::move(shape));
  if (npy.type == ElementType::float32) return column_of(finite_values<float>(path, npy), std::move(shape));
  if (npy.type == ElementType::float64) return column_of(finite_values<double>(path, npy), std::move(shape));
  refuse(path, fmt::format("x is of type {}; save it as uint8, float32 or float64", element_name(npy.type)));
}

Column column_y(const std::string& path, const Npy& npy, bool regression, std::vector<std::string>& class_names) {
  if (npy.shape.size() > 2 || (!is_floating(npy.type) && npy.row_elements() != 1)) {
    refuse(path, fmt::format("y has shape {}; it must be (N), or (N, K) of floats", shape_text(npy.shape)));
  }
  if (is_floating(npy.type)) {
    std::vector<float> targets;
    if (npy.type == ElementType::float32) {
      targets = finite_values<float>(path, npy);
    } else {
      const std::vector<double> values = finite_values<double>(path, npy);
      targets.reserve(values.size());
      for (std::size_t i = 0; i < values.size(); ++i) {
        targets.push_back(static_cast<float>(values[i]));
        if (!std::isfinite(targets.back())) {
          refuse(path, fmt::format("row {} holds {}, too large for float32; rescale the targets",
                                   i / npy.row_elements(), values[i]));
        }
      }
    }
    return column_of(std::move(targets), {npy.shape.begin() + 1, npy.shape.end()});
  }
  const std::size_t width = element_bytes(npy.type);
  std::vector<std::int64_t> values;
  for (std::size_t at = 0; at < npy.data.size(); at += width)
    values.push_back(label_at(npy.type, npy.data.data() + at));
  const Place place = [&](std::size_t i) { return fmt::format("{}: row {}", path, i); };
  Labels labels = regression ? targets_from_numbers(std::vector<double>(values.begin(), values.end()), place)
                             : labels_from_classes(values, place);
  class_names = labels.class_names;
  return std::move(labels).column();
}

}  // namespace

DatasetSummary import_npy(const NpyOptions& options, const std::string& out) {
  Table table;
  TableNotes notes;
  notes.source = file_name(options.x);
  {
    const Npy x = read_npy(options.x);
    table.rows = x.shape[0];
    table.x = column_x(options.x, x);
  }
  if (!options.y.empty()) {
    const Npy y = read_npy(options.y);
    if (y.shape[0] != table.rows) {
      refuse(options.y, fmt::format("{} rows for the {} of {}; give the two files that belong together", y.shape[0],
                                    table.rows, options.x));
    }
    table.y = column_y(options.y, y, options.regression, notes.class_names);
    notes.source += ", " + file_name(options.y);
  }
  return write_splits(plan_splits(table, nullptr, options.split), notes, out);
}

}  // namespace shoal
