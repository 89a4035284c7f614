#include "io/format/checksum.hpp"

#include "io/failure.hpp"
#include "io/support.hpp"

namespace shoal::h5 {
namespace {

TEST(Lookup3, GivesTheNumbersOfItsAuthor) {
  using tests::as_bytes;
  EXPECT_EQ(lookup3({}), 0xdeadbeefU);
  EXPECT_EQ(lookup3(as_bytes(std::string("Four score and seven years ago"))), 0x17770551U);
}

TEST(Verified, SplitsTheChecksumOff) {
  std::vector<std::byte> bytes(4);
  const std::uint32_t sum = lookup3(std::span(bytes).first(0));
  std::memcpy(bytes.data(), &sum, sizeof sum);
  EXPECT_TRUE(verified(bytes).empty());
  bytes[2] ^= std::byte{1};
  EXPECT_THROW(verified(bytes), Failure);
  EXPECT_THROW(verified(std::span(bytes).first(3)), Failure);
}

}  // namespace
}  // namespace shoal::h5
