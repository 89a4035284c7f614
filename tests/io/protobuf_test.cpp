#include "shoal/io/protobuf.hpp"

#include <gmock/gmock.h>

namespace shoal {
namespace {

using namespace std::string_literals;

TEST(ProtobufMessage, WritesNumbersSevenBitsAtATime) {
  ProtobufMessage message;
  message.add(1, std::int64_t{150});  // the example of the format's description
  message.add(2, std::int64_t{0});
  EXPECT_EQ(message.bytes(), "\x08\x96\x01\x10\x00"s);
  ProtobufMessage negative;
  negative.add(1, std::int64_t{-1});  // ten bytes, as int64 has it
  EXPECT_EQ(negative.bytes(), "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s);
}

TEST(ProtobufMessage, WritesTextsMessagesAndReals) {
  ProtobufMessage inner;
  inner.add(1, std::int64_t{150});
  ProtobufMessage message;
  message.add(2, "testing");
  message.add(3, inner);
  message.add_float(20, 1.0F);  // a field of two bytes
  message.add_double(4, -2.0);
  EXPECT_EQ(message.bytes(),
            "\x12\x07testing\x1a\x03\x08\x96\x01\xa5\x01\x00\x00\x80\x3f\x21\x00\x00\x00\x00\x00\x00\x00\xc0"s);
}

}  // namespace
}  // namespace shoal
