#include "io/format/superblock.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <optional>

#include "io/failure.hpp"
#include "io/format/checksum.hpp"
#include "io/format/remedies.hpp"

namespace shoal::h5 {
namespace {

constexpr std::array<unsigned char, 8> mark = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

std::optional<std::uint64_t> find_mark(Source& source) {
  for (std::uint64_t at = 0; at < source.size(); at = at == 0 ? 512 : 2 * at) {
    if (source.size() - at < mark.size()) break;
    if (std::memcmp(source.peek(at, mark.size()).data(), mark.data(), mark.size()) == 0) return at;
  }
  return std::nullopt;
}

void check_sizes(unsigned address_bytes, unsigned length_bytes) {
  if (address_bytes == 8 && length_bytes == 8) return;
  throw Foreign(fmt::format("has addresses of {} and lengths of {} bytes, not 8", address_bytes, length_bytes),
                remedy::default_settings);
}

void check_closed(std::uint64_t flags) {
  if (flags != 0) throw Foreign("was not closed by the program that wrote it", "let it finish, or make it again");
}

/// Addresses of a file count from its mark, or, where something was put in front of it later, from before.
void check_end(const Source& source, std::uint64_t base, std::uint64_t end) {
  if (base != 0 && base != source.base()) throw Failure("it does not say where its addresses count from");
  if (end < base) throw Failure("it ends before it begins");
  if (end - base > source.size() - source.base()) {
    throw Foreign(fmt::format("is cut short: {} bytes of {}", source.size(), source.base() + (end - base)),
                  "get or make it again");
  }
}

std::uint64_t read_version_0(Source& source) {
  constexpr std::uint64_t bytes = 96;
  const std::vector<std::byte> block = source.take(0, bytes);
  Fields fields(block);
  fields.skip(mark.size() + 1);
  if (fields.u8() != 0 || fields.u8() != 0) throw Failure("its root group has an unknown version");
  fields.skip(1);
  if (fields.u8() != 0) throw Failure("its messages have an unknown version");
  const unsigned address_bytes = fields.u8();
  check_sizes(address_bytes, fields.u8());
  fields.skip(1 + 2 + 2);  // reserved, sizes of nodes
  check_closed(fields.u32());
  const std::uint64_t base = fields.u64();
  fields.skip(8);  // free space
  check_end(source, base, fields.u64());
  if (fields.u64() != no_address) throw Foreign("was written by a driver of its own", "write it as a single file");
  fields.skip(8);  // name of the root
  return fields.u64();
}

std::uint64_t read_version_2(Source& source) {
  constexpr std::uint64_t bytes = 48;
  const std::vector<std::byte> block = source.take(0, bytes);
  Fields fields(verified(block));
  fields.skip(mark.size() + 1);
  const unsigned address_bytes = fields.u8();
  check_sizes(address_bytes, fields.u8());
  check_closed(fields.u8());
  const std::uint64_t base = fields.u64();
  if (fields.u64() != no_address) {
    throw Foreign("has settings of its own for the whole file", remedy::default_settings);
  }
  check_end(source, base, fields.u64());
  return fields.u64();
}

}  // namespace

std::uint64_t open_superblock(Source& source) {
  const std::optional<std::uint64_t> at = find_mark(source);
  if (!at) throw Foreign("is not an HDF5 file", "make one with shoal import");
  source.set_base(*at);
  const unsigned version = Fields(source.peek(mark.size(), 1)).u8();
  switch (version) {
    case 0: return read_version_0(source);
    case 2:
    case 3: return read_version_2(source);
    default:
      throw Foreign(fmt::format("has HDF5's superblock of version {}, shoal reads 0, 2 and 3", version),
                    remedy::default_settings);
  }
}

}  // namespace shoal::h5
