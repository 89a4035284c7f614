#include "io/hdf5/chunk_filters.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "io/failure.hpp"

namespace shoal::h5 {
namespace {

constexpr std::size_t checksum_bytes = 4;

struct Inflater {
  Inflater() {
    if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
  z_stream stream{};
};

std::vector<std::byte> inflated(std::span<const std::byte> stored, std::size_t bytes) {
  constexpr std::size_t most = std::numeric_limits<unsigned>::max();  // a chunk is below 4 GiB
  if (stored.size() > most || bytes > most) throw Failure("a chunk is larger than HDF5 allows");
  std::vector<std::byte> out(bytes);
  Inflater inflater;
  z_stream& stream = inflater.stream;
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(stored.data()));  // zlib only reads it
  stream.avail_in = static_cast<unsigned>(stored.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<unsigned>(bytes);
  const int result = inflate(&stream, Z_FINISH);
  if (result != Z_STREAM_END || stream.avail_out != 0) throw Failure("the deflated data of a chunk is damaged");
  return out;
}

/// Byte b of every element lay together.
template <std::size_t Width>
void gather(const std::byte* in, std::byte* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t b = 0; b < Width; ++b) out[i * Width + b] = in[b * count + i];
  }
}

std::vector<std::byte> unshuffled(std::vector<std::byte> in, std::size_t width) {
  const std::size_t count = width > 1 ? in.size() / width : 0;
  if (count < 2) return in;
  std::vector<std::byte> out(in.size());
  switch (width) {
    case 2: gather<2>(in.data(), out.data(), count); break;
    case 4: gather<4>(in.data(), out.data(), count); break;
    case 8: gather<8>(in.data(), out.data(), count); break;
    default:
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t b = 0; b < width; ++b) out[i * width + b] = in[b * count + i];
      }
  }
  std::copy(in.begin() + static_cast<std::ptrdiff_t>(count * width), in.end(),
            out.begin() + static_cast<std::ptrdiff_t>(count * width));
  return out;
}

/// Takes the checksum off.
void check(std::vector<std::byte>& bytes) {
  if (bytes.size() < checksum_bytes) throw Failure("a chunk is shorter than its checksum");
  std::uint32_t stored = 0;
  std::memcpy(&stored, bytes.data() + bytes.size() - checksum_bytes, checksum_bytes);
  bytes.resize(bytes.size() - checksum_bytes);
  const std::uint32_t found = fletcher32(bytes);
  // Releases before 1.6.3 swapped the bytes of each half on little-endian machines.
  const std::uint32_t swapped = (found & 0x00ff00ffU) << 8U | (found >> 8U & 0x00ff00ffU);
  if (stored != found && stored != swapped) throw Failure("a chunk has another checksum than it should");
}

}  // namespace

std::uint32_t fletcher32(std::span<const std::byte> bytes) {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  const auto fold = [&] {
    first = (first & 0xffffU) + (first >> 16U);
    second = (second & 0xffffU) + (second >> 16U);
  };
  std::size_t words = bytes.size() / 2;
  std::size_t at = 0;
  while (words > 0) {
    std::size_t run = std::min<std::size_t>(words, 360);  // so many sums fit in 32 bits
    words -= run;
    for (; run > 0; --run, at += 2) {
      first += static_cast<std::uint32_t>(bytes[at]) << 8U | static_cast<std::uint32_t>(bytes[at + 1]);
      second += first;
    }
    fold();
  }
  if (bytes.size() % 2 == 1) {
    first += static_cast<std::uint32_t>(bytes.back()) << 8U;
    second += first;
    fold();
  }
  fold();
  return second << 16U | first;
}

std::vector<std::byte> unfiltered(std::vector<std::byte> stored, const std::vector<ChunkFilter>& filters,
                                  std::uint32_t skipped, std::size_t bytes) {
  std::vector<std::size_t> before;  // bytes that went into each filter, as far as that is known
  std::size_t size = bytes;
  for (std::size_t f = 0; f < filters.size(); ++f) {
    before.push_back(size);
    if ((skipped >> f & 1U) == 0 && filters[f].kind == ChunkFilter::Kind::fletcher32) size += checksum_bytes;
  }
  for (std::size_t f = filters.size(); f-- > 0;) {
    if ((skipped >> f & 1U) != 0) continue;
    switch (filters[f].kind) {
      case ChunkFilter::Kind::deflate: stored = inflated(stored, before[f]); break;
      case ChunkFilter::Kind::shuffle: stored = unshuffled(std::move(stored), filters[f].element_bytes); break;
      case ChunkFilter::Kind::fletcher32: check(stored); break;
    }
  }
  if (stored.size() != bytes)
    throw Failure("a chunk holds " + std::to_string(stored.size()) + " bytes instead of " + std::to_string(bytes));
  return stored;
}

}  // namespace shoal::h5
