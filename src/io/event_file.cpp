#include "shoal/io/event_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "shoal/core/host_name.hpp"
#include "shoal/io/protobuf.hpp"

namespace shoal {
namespace {

constexpr std::string_view known_by = "tfevents";

// Numbers of fields.
struct EventField {
  static constexpr int wall_time = 1, step = 2, file_version = 3, summary = 5, session_log = 7;
};

std::array<std::uint32_t, 256> make_crc_table() {
  constexpr std::uint32_t polynomial = 0x82f63b78;  // its bits reversed
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
    table[byte] = crc;
  }
  return table;
}

/// A checksum of data that may hold checksums themselves.
std::uint32_t masked_crc(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

std::string framed(const ProtobufMessage& event) {
  const std::string length = little_endian(std::uint64_t{event.bytes().size()});
  return length + little_endian(masked_crc(length)) + event.bytes() + little_endian(masked_crc(event.bytes()));
}

ProtobufMessage event_of(double time, std::int64_t step) {
  ProtobufMessage event;
  event.add_double(EventField::wall_time, time);
  event.add(EventField::step, step);
  return event;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> table = make_crc_table();
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ crc >> 8;
  return ~crc;
}

std::string EventFile::start(double time, std::int64_t step) {
  ProtobufMessage version;
  version.add_double(EventField::wall_time, time);
  version.add(EventField::file_version, "brain.Event:2");
  ProtobufMessage session;
  session.add(1, std::int64_t{1});  // START
  ProtobufMessage begin = event_of(time, step);
  begin.add(EventField::session_log, session);
  return framed(version) + framed(begin);
}

std::string EventFile::scalar(double time, std::int64_t step, std::string_view tag, double value) {
  ProtobufMessage number;
  number.add(1, tag);
  number.add_float(2, static_cast<float>(value));
  ProtobufMessage summary;
  summary.add(1, number);
  ProtobufMessage event = event_of(time, step);
  event.add(EventField::summary, summary);
  return framed(event);
}

std::string EventFile::name(double time) {
  static std::atomic<int> made = 0;
  return fmt::format("events.out.{}.{:010}.{}.{}.{}", known_by, static_cast<std::int64_t>(time), host_name(), getpid(),
                     made++);
}

bool EventFile::is_name(std::string_view name) { return name.find(known_by) != std::string_view::npos; }

}  // namespace shoal
