#include "io/hdf5/chunk_filters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

#include "io/failure.hpp"
#include "shoal/core/half.hpp"

namespace shoal::h5 {
namespace {

using Bytes = std::vector<std::byte>;
constexpr ChunkFilter deflate{ChunkFilter::Kind::deflate};
constexpr ChunkFilter checksum{ChunkFilter::Kind::fletcher32};

Bytes counted(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 % 251);
  return bytes;
}

Bytes shuffled(const Bytes& in, std::size_t width) {
  Bytes out = in;
  const std::size_t count = in.size() / width;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t b = 0; b < width; ++b) out[b * count + i] = in[i * width + b];
  }
  return out;
}

Bytes deflated(const Bytes& in) {
  Bytes out(compressBound(in.size()));
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(in.data()), in.size());
  out.resize(size);
  return out;
}

Bytes with_checksum(Bytes bytes, std::uint32_t sum) {
  const auto more = std::as_bytes(std::span(&sum, 1));
  bytes.insert(bytes.end(), more.begin(), more.end());
  return bytes;
}

TEST(ChunkFilters, AreUndoneInReverse) {
  for (const std::size_t width : {1U, 2U, 3U, 4U, 8U, 16U}) {
    for (const std::size_t size : {16UL, 48UL, 1000UL, 1001UL}) {
      const ChunkFilter shuffle{ChunkFilter::Kind::shuffle, width};
      const Bytes bytes = counted(size);
      const Bytes stored = deflated(shuffled(bytes, width));
      EXPECT_EQ(unfiltered(stored, {shuffle, deflate}, 0, size), bytes) << width << " " << size;
      const Bytes summed = with_checksum(stored, fletcher32(stored));
      EXPECT_EQ(unfiltered(summed, {shuffle, deflate, checksum}, 0, size), bytes);
      const Bytes sum_inside = deflated(with_checksum(bytes, fletcher32(bytes)));
      EXPECT_EQ(unfiltered(sum_inside, {checksum, deflate}, 0, size), bytes);
    }
  }
}

TEST(ChunkFilters, MayBeLeftOutForAChunk) {
  const Bytes bytes = counted(64);
  EXPECT_EQ(unfiltered(bytes, {{ChunkFilter::Kind::shuffle, 4}, deflate}, 3, 64), bytes);
  EXPECT_EQ(unfiltered(shuffled(bytes, 4), {{ChunkFilter::Kind::shuffle, 4}, deflate}, 2, 64), bytes);
}

TEST(ChunkFilters, RefuseDamage) {
  const Bytes bytes = counted(500);
  const Bytes stored = deflated(bytes);
  EXPECT_THROW(unfiltered(stored, {deflate}, 0, 499), Failure);
  EXPECT_THROW(unfiltered(stored, {deflate}, 0, 501), Failure);
  EXPECT_THROW(unfiltered({stored.begin(), stored.end() - 6}, {deflate}, 0, 500), Failure);
  EXPECT_THROW(unfiltered(bytes, {}, 0, 400), Failure);
  EXPECT_THROW(unfiltered({}, {checksum}, 0, 0), Failure);
  Bytes summed = with_checksum(bytes, fletcher32(bytes));
  EXPECT_EQ(unfiltered(summed, {checksum}, 0, 500), bytes);
  summed[17] ^= std::byte{1};
  EXPECT_THROW(unfiltered(summed, {checksum}, 0, 500), Failure);
}

TEST(ChunkFilters, KnowTheChecksumOfOldReleases) {
  const Bytes bytes = counted(500);
  const std::uint32_t sum = fletcher32(bytes);
  EXPECT_EQ(unfiltered(with_checksum(bytes, (sum & 0x00ff00ffU) << 8U | (sum >> 8U & 0x00ff00ffU)), {checksum}, 0, 500),
            bytes);
}

TEST(ChunkFilters, SumAsFletcherDid) {
  // Words 0x0102, 0x0300: first 0x0402, second 0x0102 + 0x0402.
  const Bytes bytes{std::byte{1}, std::byte{2}, std::byte{3}};
  EXPECT_EQ(fletcher32(bytes), 0x05040402U);
}

TEST(Halves, HaveTheirValues) {
  EXPECT_EQ(half_value(0x3c00), 1.0F);
  EXPECT_EQ(half_value(0xc000), -2.0F);
  EXPECT_EQ(half_value(0x7bff), 65504.0F);
  EXPECT_EQ(half_value(0x0001), 0x1p-24F);
  EXPECT_EQ(half_value(0x03ff), 1023 * 0x1p-24F);
  EXPECT_TRUE(std::signbit(half_value(0x8000)));
  EXPECT_EQ(half_value(0xfc00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(half_value(0x7e00)));
}

}  // namespace
}  // namespace shoal::h5
