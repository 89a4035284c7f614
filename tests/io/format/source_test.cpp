#include "io/format/source.hpp"

#include "io/failure.hpp"
#include "io/support.hpp"

namespace shoal::h5 {
namespace {

Source zeros(std::uint64_t size) {
  return {size, [](std::uint64_t, std::span<std::byte> bytes) { std::fill(bytes.begin(), bytes.end(), std::byte{0}); }};
}

TEST(Fields, ReadsLittleEndianToTheEnd) {
  const std::vector<std::uint8_t> bytes{1, 2, 0, 3, 0, 0, 0, 'T', 'R', 'E', 'E', 9};
  Fields fields(tests::as_bytes(bytes));
  EXPECT_EQ(fields.u8(), 1);
  EXPECT_EQ(fields.u16(), 2);
  EXPECT_EQ(fields.u32(), 3U);
  EXPECT_TRUE(fields.is("TREE"));
  EXPECT_EQ(fields.left(), 1U);
  EXPECT_THROW(fields.u16(), Failure);
  EXPECT_THROW(fields.skip(~std::uint64_t{0}), Failure);
  EXPECT_EQ(fields.u8(), 9);
}

TEST(Source, GivesEachByteOnce) {
  Source source = zeros(100);
  EXPECT_EQ(source.take(10, 20).size(), 20U);
  source.take(30, 10);
  source.take(0, 10);
  source.take(15, 0);
  for (const auto& [address, count] : {std::pair{10, 1}, {29, 1}, {29, 2}, {5, 80}, {39, 30}, {9, 1}}) {
    EXPECT_THROW(source.claim(static_cast<std::uint64_t>(address), static_cast<std::uint64_t>(count)), Failure);
  }
  EXPECT_EQ(source.peek(10, 20).size(), 20U);
  source.claim(40, 60);
}

TEST(Source, EndsWhereItsBytesEnd) {
  Source source = zeros(100);
  source.set_base(60);
  source.take(0, 40);
  const std::uint64_t most = ~std::uint64_t{0};
  for (const auto& [address, count] :
       {std::pair<std::uint64_t, std::uint64_t>{0, 41}, {41, 0}, {40, 1}, {most, 1}, {1, most}, {most, most}}) {
    EXPECT_THROW(source.take(address, count), Failure);
  }
}

TEST(Source, RefusesToTakeMuchMemory) {
  Source source = zeros(std::uint64_t{1} << 40);
  EXPECT_THROW(source.take(0, Source::most_memory + 1), Failure);
  EXPECT_THROW(source.charge(~std::uint64_t{0}), Failure);
  source.charge(Source::most_memory - 4);
  source.take(0, 0);
  EXPECT_THROW(source.take(std::uint64_t{1} << 30, 5), Failure);
  EXPECT_EQ(source.peek(0, 4).size(), 4U);
}

}  // namespace
}  // namespace shoal::h5
