#include "shoal/io/protobuf.hpp"

#include <bit>

namespace shoal {
namespace {

enum class Wire : std::uint64_t { number = 0, eight_bytes = 1, bytes = 2, four_bytes = 5 };

std::uint64_t tag(int field, Wire wire) {
  return static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire);
}

template <class T>
std::string bytes_of(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

}  // namespace

void ProtobufMessage::add_number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
  bytes_ += static_cast<char>(value);
}

void ProtobufMessage::add(int field, std::int64_t value) {
  add_number(tag(field, Wire::number));
  add_number(static_cast<std::uint64_t>(value));
}

void ProtobufMessage::add(int field, std::string_view bytes) {
  add_number(tag(field, Wire::bytes));
  add_number(bytes.size());
  bytes_ += bytes;
}

void ProtobufMessage::add_float(int field, float value) {
  add_number(tag(field, Wire::four_bytes));
  bytes_ += little_endian(std::bit_cast<std::uint32_t>(value));
}

void ProtobufMessage::add_double(int field, double value) {
  add_number(tag(field, Wire::eight_bytes));
  bytes_ += little_endian(std::bit_cast<std::uint64_t>(value));
}

std::string little_endian(std::uint32_t value) { return bytes_of(value); }
std::string little_endian(std::uint64_t value) { return bytes_of(value); }

}  // namespace shoal
