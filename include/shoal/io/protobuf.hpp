#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shoal {

/// A message of Protocol Buffers as its bytes, written field by field; of the format only what a writer needs. Fields
/// may come in any order, and one that is there several times is a list. Source: protobuf.dev, Encoding.
class ProtobufMessage {
 public:
  void add(int field, std::int64_t value);  ///< int32, int64, enum
  void add(int field, std::string_view bytes);
  void add(int field, const ProtobufMessage& message) { add(field, std::string_view(message.bytes_)); }
  void add_float(int field, float value);
  void add_double(int field, double value);

  const std::string& bytes() const { return bytes_; }

 private:
  void add_number(std::uint64_t value);

  std::string bytes_;
};

/// Numbers as a file has them, least significant byte first.
std::string little_endian(std::uint32_t value);
std::string little_endian(std::uint64_t value);

}  // namespace shoal
