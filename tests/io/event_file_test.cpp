#include "shoal/io/event_file.hpp"

#include <gmock/gmock.h>

namespace shoal {
namespace {

TEST(Crc32c, IsThatOfCastagnoli) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

// The frame of a record in TensorBoard's own test, masked_crc.rs: the data 1a 11 "CRC test, one two" has 0x5794d08a.
TEST(EventFile, MasksChecksums) {
  const std::uint32_t crc = crc32c(
      "\x1a\x11"
      "CRC test, one two");
  EXPECT_EQ((crc >> 15 | crc << 17) + 0xa282ead8U, 0x5794d08aU);
}

TEST(EventFile, FramesARecordWithItsLengthAndTwoChecksums) {
  const std::string record = EventFile::scalar(1.5, 300, "loss", 0.25);
  // Event: wall_time (9 bytes), step (3), summary (2 + 13: value (2 + 11): tag (6), simple_value (5)).
  const std::string event(
      "\x09\x00\x00\x00\x00\x00\x00\xf8\x3f\x10\xac\x02\x2a\x0d\x0a\x0b\x0a\x04loss\x15\x00\x00\x80\x3e", 27);
  ASSERT_EQ(record.size(), 8 + 4 + event.size() + 4);
  EXPECT_EQ(record.substr(0, 8), std::string("\x1b\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, event.size()), event);
}

TEST(EventFile, HasNamesThatReadersKnowInTheOrderOfTheirMaking) {
  const std::string first = EventFile::name(1.7e9);
  const std::string second = EventFile::name(1.7e9);
  EXPECT_TRUE(EventFile::is_name(first));
  EXPECT_FALSE(EventFile::is_name("metrics.jsonl"));
  EXPECT_THAT(first, ::testing::StartsWith("events.out.tfevents.1700000000."));
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace shoal
