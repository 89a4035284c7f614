#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "data/import/csv_reader.hpp"
#include "data/refuse.hpp"
#include "flat_array.hpp"
#include "npz.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// What follows `'key':` in the header, a Python dictionary with fixed keys.
std::string_view header_value(const std::string& name, std::string_view header, std::string_view key) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) refuse(name, fmt::format("the NPY header has no '{}'; save the array again", key));
  return trimmed(header.substr(at + key.size() + 3));
}

/// descr: the byte order, the kind and the size, such as "<f4".
void take_npy_type(const std::string& name, std::string_view descr, FlatLayout& layout) {
  static constexpr std::array<std::pair<std::string_view, ElementType>, 12> known{{{"b1", ElementType::uint8},
                                                                                   {"u1", ElementType::uint8},
                                                                                   {"u2", ElementType::uint16},
                                                                                   {"u4", ElementType::uint32},
                                                                                   {"u8", ElementType::uint64},
                                                                                   {"i1", ElementType::int8},
                                                                                   {"i2", ElementType::int16},
                                                                                   {"i4", ElementType::int32},
                                                                                   {"i8", ElementType::int64},
                                                                                   {"f2", ElementType::float32},
                                                                                   {"f4", ElementType::float32},
                                                                                   {"f8", ElementType::float64}}};
  const std::string_view order = descr.substr(0, std::min<std::size_t>(1, descr.size()));
  const std::string_view kind = descr.substr(order.size());
  if (kind.starts_with("O")) refuse(name, "an NPY array of Python objects; save an array of numbers");
  for (const auto& [word, type] : known) {
    if (kind != word || (order != "<" && order != ">" && order != "|" && order != "=")) continue;
    layout.array.type = type;
    layout.form = {static_cast<std::size_t>(word[1] - '0'), order == ">", word == "f2"};
    return;
  }
  refuse(name, fmt::format("NPY element type '{}'; save whole numbers, booleans, or floats of 2, 4 or 8 bytes",
                           shown(descr)));
}

std::vector<std::int64_t> shape_of(const std::string& name, std::string_view text) {
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
      refuse(name, fmt::format("NPY shape {}; save the array again", shown(text)));
    shape.push_back(extent);
    at = next;
  }
  return shape;
}

FlatLayout layout_of(const std::string& name, ArrayBytes& bytes) {
  std::array<std::byte, 12> start{};
  const std::size_t got = bytes.read(0, start);
  if (got == 0) refuse(name, "the file is empty; save the array again");
  if (got < 8 || std::memcmp(start.data(), "\x93NUMPY", 6) != 0) {
    refuse(name, got >= 2 && std::memcmp(start.data(), "PK", 2) == 0
                     ? "no NPY file but a zip file; call an archive of numpy.savez .npz, and give FILE.npz:NAME"
                     : "no NPY file: it does not begin with \\x93NUMPY; save one array with numpy.save");
  }
  const auto version = static_cast<int>(start[6]);
  if (version < 1 || version > 3) refuse(name, fmt::format("NPY version {}; 1 to 3 are read", version));
  const std::size_t size_bytes = version == 1 ? 2 : 4;
  std::size_t header_bytes = 0;
  for (std::size_t i = size_bytes; i-- > 0;) header_bytes = header_bytes << 8U | static_cast<std::size_t>(start[8 + i]);
  constexpr std::size_t most_header_bytes = std::size_t{1} << 20;
  std::string header(std::min(header_bytes, most_header_bytes), '\0');
  const auto begin = static_cast<std::int64_t>(8 + size_bytes);
  if (header.empty() || bytes.read(begin, std::as_writable_bytes(std::span(header))) < header_bytes)
    refuse(name, "the file ends inside the NPY header; save the array again");

  FlatLayout layout{"NPY", begin + static_cast<std::int64_t>(header_bytes), {}, {}, false};
  const std::string_view descr = header_value(name, header, "descr");
  if (descr.empty() || descr.front() != '\'') refuse(name, "an NPY array of records; save one plain array a file");
  take_npy_type(name, descr.substr(1, descr.find('\'', 1) - 1), layout);
  layout.array.shape = shape_of(name, header_value(name, header, "shape"));
  layout.by_columns = header_value(name, header, "fortran_order").starts_with("True");
  return layout;
}

/// Where the name of a member begins in FILE.npz:NAME; npos where there is none.
std::size_t colon_of(const std::string& name) {
  const std::size_t at = name.rfind(".npz:");
  return at == std::string::npos ? at : at + 4;
}

}  // namespace

std::string npy_file(const std::string& name) { return name.substr(0, colon_of(name)); }

std::unique_ptr<ArrayReader> open_npy(const std::string& name, std::int64_t block_bytes) {
  const std::string file = npy_file(name);
  std::unique_ptr<ArrayBytes> bytes;
  if (file.ends_with(".npz")) {
    bytes = open_npz_member(file, file.size() < name.size() ? name.substr(file.size() + 1) : "");
  } else {
    bytes = open_bytes(file);
  }
  FlatLayout layout = layout_of(name, *bytes);
  return std::make_unique<FlatArray>(name, std::move(bytes), std::move(layout), block_bytes);
}

}  // namespace shoal
