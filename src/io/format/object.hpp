#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "io/format/source.hpp"

namespace shoal::h5 {

/// The kinds of header messages that are looked at, or known to say nothing about what shoal reads.
enum class MessageType : std::uint16_t {
  nil = 0x0,
  dataspace = 0x1,
  link_info = 0x2,
  datatype = 0x3,
  old_fill_value = 0x4,
  fill_value = 0x5,
  link = 0x6,
  external_files = 0x7,
  layout = 0x8,
  group_info = 0xA,
  filters = 0xB,
  attribute = 0xC,
  comment = 0xD,
  old_time = 0xE,
  continuation = 0x10,
  symbol_table = 0x11,
  time = 0x12,
  attribute_info = 0x15,
  reference_count = 0x16,
};

struct Message {
  MessageType type;
  bool shared;  ///< the body says where the message is, and is not the message
  std::span<const std::byte> body;

  /// To read it. @throws Foreign when it is shared
  Fields fields() const;
};

/// A group, an array or a named type: its header's messages, in order.
struct Object {
  std::vector<std::vector<std::byte>> blocks;  ///< the memory of `messages`
  std::vector<Message> messages;

  /// The only message of that type; null when there is none. @throws Failure for two
  const Message* find(MessageType type) const;
};

/// Versions 1 and 2, with their continuations. @throws Failure, Foreign for messages of other types
Object read_object(Source& source, std::uint64_t address);

}  // namespace shoal::h5
