#include "io/checkpoint_header.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "shoal/core/error.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/memory_limit.hpp"

namespace shoal {
namespace {

constexpr std::array<char, 8> magic = {'S', 'H', 'O', 'A', 'L', 'C', 'K', 'P'};
constexpr std::size_t version_at = 8;
constexpr std::size_t length_at = 12;
constexpr std::size_t image_bytes_at = 16;
constexpr std::size_t image_hash_at = 24;
constexpr std::size_t step_at = 40;
constexpr std::size_t header_hash_at = 48;

// The host is little endian (h5.cpp asserts it), as the file is.
template <class T>
void put(std::span<std::byte> bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}
template <class T>
T get(std::span<const std::byte> bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::uint64_t header_hash(std::span<const std::byte> file) {
  std::array<std::byte, checkpoint_header_bytes> header{};
  std::copy_n(file.begin(), header.size(), header.begin());
  put(std::span<std::byte>(header), header_hash_at, std::uint64_t{0});
  return XXH3_64bits(header.data(), header.size());
}

[[noreturn]] void refuse_header(const std::string& name, const std::string& what) {
  throw Error(ExitStatus::bad_data, name + " " + what);
}

[[noreturn]] void refuse_short(const std::string& name, std::uint64_t bytes, std::uint64_t whole,
                               const char* more = "") {
  refuse_header(name, fmt::format("is cut short: {} bytes of {}{}; use another checkpoint", bytes, whole, more));
}

void check_length(std::uint64_t file_bytes, const CheckpointHeader& header, const std::string& name) {
  const std::uint64_t image_bytes = file_bytes - checkpoint_header_bytes;
  if (image_bytes < header.image_bytes) refuse_short(name, file_bytes, header.image_bytes + checkpoint_header_bytes);
  if (image_bytes > header.image_bytes) {
    refuse_header(name, fmt::format("is altered: {} bytes where its header says {}; use another checkpoint", file_bytes,
                                    header.image_bytes + checkpoint_header_bytes));
  }
}

}  // namespace

void write_checkpoint_header(std::span<std::byte> file, std::uint64_t step) {
  const std::span<std::byte> image = file.subspan(checkpoint_header_bytes);
  const XXH128_hash_t hash = XXH3_128bits(image.data(), image.size());
  std::fill_n(file.begin(), checkpoint_header_bytes, std::byte{0});
  std::memcpy(file.data(), magic.data(), magic.size());
  put(file, version_at, header_format_version);
  put(file, length_at, static_cast<std::uint32_t>(checkpoint_header_bytes));
  put(file, image_bytes_at, std::uint64_t{image.size()});
  put(file, image_hash_at, hash.low64);
  put(file, image_hash_at + 8, hash.high64);
  put(file, step_at, step);
  put(file, header_hash_at, header_hash(file));
}

CheckpointHeader read_checkpoint_header(std::span<const std::byte> file, const std::string& name) {
  const std::span<const std::byte> begin = file.first(std::min(file.size(), magic.size()));
  if (!std::equal(begin.begin(), begin.end(), std::as_bytes(std::span(magic)).begin())) {
    refuse_header(name, "is not a shoal checkpoint; give one, or the folder of a run");
  }
  if (file.size() < checkpoint_header_bytes) refuse_short(name, file.size(), checkpoint_header_bytes, " or more");
  // Every version keeps the place of the hash, so that damage is not taken for another version.
  if (get<std::uint64_t>(file, header_hash_at) != header_hash(file)) {
    refuse_header(name, "is altered: its header does not have the hash that it names; use another checkpoint");
  }
  if (const auto version = get<std::uint32_t>(file, version_at); version != header_format_version) {
    refuse_header(name, fmt::format("has checkpoint format {}, this shoal reads {}; use the shoal that wrote it",
                                    version, header_format_version));
  }
  if (const auto length = get<std::uint32_t>(file, length_at); length != checkpoint_header_bytes) {
    refuse_header(name, fmt::format("is not a shoal checkpoint: its header says that it has {} bytes, not {}", length,
                                    checkpoint_header_bytes));
  }
  return {get<std::uint64_t>(file, image_bytes_at), get<std::uint64_t>(file, step_at)};
}

std::span<const std::byte> verify_checkpoint(std::span<const std::byte> file, const std::string& name) {
  check_length(file.size(), read_checkpoint_header(file, name), name);
  const std::span<const std::byte> image = file.subspan(checkpoint_header_bytes);
  const XXH128_hash_t hash = XXH3_128bits(image.data(), image.size());
  if (hash.low64 != get<std::uint64_t>(file, image_hash_at) ||
      hash.high64 != get<std::uint64_t>(file, image_hash_at + 8)) {
    refuse_header(name, "is altered: its hash is not the one in its header; use another checkpoint");
  }
  return image;
}

std::vector<std::byte> read_checkpoint(const std::filesystem::path& path) {
  const RandomAccessFile file(path);
  const auto size = static_cast<std::uint64_t>(file.size());
  std::vector<std::byte> bytes(std::min<std::size_t>(size, checkpoint_header_bytes));
  file.read(0, bytes);
  check_length(size, read_checkpoint_header(bytes, path.string()), path.string());
  // A file with holes can say any size and take no place; its arrays are copied out of it.
  if (const std::uint64_t most = usable_memory() / 2; size > most) {
    refuse_header(path.string(),
                  fmt::format("has {} bytes, more than half of this machine's memory ({} bytes)", size, most));
  }
  bytes.resize(size);
  file.read(checkpoint_header_bytes, std::span(bytes).subspan(checkpoint_header_bytes));
  return bytes;
}

bool looks_like_checkpoint(const std::filesystem::path& path) try {
  const RandomAccessFile file(path);
  std::array<std::byte, magic.size()> begin{};
  if (file.size() < static_cast<std::int64_t>(begin.size())) return false;
  file.read(0, begin);
  return std::memcmp(begin.data(), magic.data(), begin.size()) == 0;
} catch (const Error&) {
  return false;
}

}  // namespace shoal
