#include <fmt/format.h>

#include <array>

#include "data/refuse.hpp"
#include "flat_array.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// The third byte of the file.
void take_idx_type(const std::string& path, unsigned code, FlatLayout& layout) {
  struct Known {
    unsigned code;
    ElementType type;
  };
  static constexpr std::array<Known, 6> known{{{0x08, ElementType::uint8},
                                               {0x09, ElementType::int8},
                                               {0x0B, ElementType::int16},
                                               {0x0C, ElementType::int32},
                                               {0x0D, ElementType::float32},
                                               {0x0E, ElementType::float64}}};
  for (const Known& one : known) {
    if (one.code != code) continue;
    layout.array.type = one.type;
    layout.form = {element_bytes(one.type), true, false};
    return;
  }
  refuse(path, fmt::format("IDX element type 0x{:02x}; 0x08, 0x09 and 0x0b to 0x0e are those there are", code));
}

}  // namespace

std::unique_ptr<ArrayReader> open_idx(const std::string& path, std::int64_t block_bytes) {
  std::unique_ptr<ArrayBytes> bytes = open_bytes(path);
  // The header is 0, 0, the element type, the rank, then each extent as 4 bytes, most significant first.
  std::array<std::byte, 4> magic{};
  const std::size_t got = bytes->read(0, magic);
  if (got == 0) refuse(path, "the file is empty; fetch it again");
  const auto code = static_cast<unsigned>(magic[2]);
  const auto rank = static_cast<std::size_t>(magic[3]);
  if (got < 4 || magic[0] != std::byte{0} || magic[1] != std::byte{0}) {
    refuse(path, fmt::format("no IDX file: it begins with the bytes {:02x} {:02x} {:02x} {:02x}, not 00 00 and a type",
                             static_cast<unsigned>(magic[0]), static_cast<unsigned>(magic[1]), code, rank));
  }
  FlatLayout layout{"IDX", static_cast<std::int64_t>(4 + 4 * rank), {}, {}, false};
  take_idx_type(path, code, layout);
  if (rank == 0) refuse(path, "IDX rank is 0; an array of at least one dimension is needed");
  for (std::size_t d = 0; d < rank; ++d) {
    std::array<std::byte, 4> extent{};
    if (bytes->read(static_cast<std::int64_t>(4 + 4 * d), extent) < 4)
      refuse(path, "the file ends inside the IDX header; fetch it again");
    std::int64_t value = 0;
    for (const std::byte b : extent) value = value << 8 | static_cast<std::int64_t>(b);
    layout.array.shape.push_back(value);
  }
  return std::make_unique<FlatArray>(path, std::move(bytes), std::move(layout), block_bytes);
}

}  // namespace shoal
