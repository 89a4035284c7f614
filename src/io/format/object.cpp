#include "io/format/object.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/failure.hpp"
#include "io/format/checksum.hpp"
#include "io/format/remedies.hpp"

namespace shoal::h5 {
namespace {

struct Place {
  std::uint64_t address;
  std::uint64_t bytes;
};

MessageType known(std::uint16_t number) {
  switch (const auto type = static_cast<MessageType>(number)) {
    case MessageType::nil:
    case MessageType::dataspace:
    case MessageType::link_info:
    case MessageType::datatype:
    case MessageType::old_fill_value:
    case MessageType::fill_value:
    case MessageType::link:
    case MessageType::external_files:
    case MessageType::layout:
    case MessageType::group_info:
    case MessageType::filters:
    case MessageType::attribute:
    case MessageType::comment:
    case MessageType::old_time:
    case MessageType::continuation:
    case MessageType::symbol_table:
    case MessageType::time:
    case MessageType::attribute_info:
    case MessageType::reference_count: return type;
  }
  throw Foreign(fmt::format("is described by messages of the unknown kind {}", number), remedy::default_settings);
}

class Reader {
 public:
  Reader(Source& source, std::uint64_t address) : source_(source) {
    constexpr std::size_t signature_bytes = 4;
    if (Fields(source_.peek(address, signature_bytes)).is("OHDR")) {
      read_version_2(address);
    } else {
      read_version_1(address);
    }
  }

  Object object;

 private:
  Fields take(std::uint64_t address, std::uint64_t bytes) {
    return Fields(object.blocks.emplace_back(source_.take(address, bytes)));
  }

  void read_version_1(std::uint64_t address) {
    constexpr std::uint64_t prefix_bytes = 16;
    Fields prefix = take(address, prefix_bytes);
    if (prefix.u8() != 1) throw Failure(fmt::format("there is no object header at byte {}", source_.base() + address));
    prefix.skip(7);  // reserved, number of messages, reference count
    read_messages_1(take(address + prefix_bytes, prefix.u32()));
    while (!continuations_.empty()) {
      const Place next = pop();
      read_messages_1(take(next.address, next.bytes));
    }
  }

  void read_messages_1(Fields block) {
    while (block.left() != 0) {
      const std::uint16_t type = block.u16();
      const std::uint16_t bytes = block.u16();
      const std::uint8_t flags = block.u8();
      block.skip(3);  // reserved
      add(type, flags, block.take(bytes));
    }
  }

  void read_version_2(std::uint64_t address) {
    constexpr std::uint64_t longest_prefix = 4 + 2 + 16 + 4 + 8;
    const std::vector<std::byte> begin =
        source_.peek(address, std::min(longest_prefix, source_.size() - source_.base() - address));
    Fields prefix(begin);
    prefix.skip(4);  // signature
    if (const unsigned version = prefix.u8(); version != 2) {
      throw Failure(fmt::format("an object header has the unknown version {}", version));
    }
    const unsigned flags = prefix.u8();
    if ((flags & ~0x3FU) != 0) throw Failure(fmt::format("an object header has the unknown flags {}", flags));
    tracks_order_ = (flags & 4U) != 0;
    if ((flags & 0x20U) != 0) prefix.skip(16);  // times
    if ((flags & 0x10U) != 0) prefix.skip(4);   // when attributes are stored elsewhere
    const std::uint64_t bytes = prefix.number(std::size_t{1} << (flags & 3U));
    const std::uint64_t prefix_bytes = begin.size() - prefix.left();
    if (bytes > source_.size()) throw Failure("a part of it lies beyond its end");
    read_messages_2(address, prefix_bytes + bytes + checksum_bytes, prefix_bytes);
    while (!continuations_.empty()) {
      const Place next = pop();
      read_messages_2(next.address, next.bytes, 0);
    }
  }

  /// @param prefix_bytes  that were read already; 0 for a continuation
  void read_messages_2(std::uint64_t address, std::uint64_t bytes, std::uint64_t prefix_bytes) {
    take(address, bytes);
    Fields block(verified(object.blocks.back()));
    if (prefix_bytes != 0) {
      block.skip(prefix_bytes);
    } else if (!block.is("OCHK")) {
      throw Failure(fmt::format("there is no part of an object header at byte {}", source_.base() + address));
    }
    const std::size_t header_bytes = tracks_order_ ? 6 : 4;
    while (block.left() >= header_bytes) {  // what is shorter is a gap
      const std::uint8_t type = block.u8();
      const std::uint16_t size = block.u16();
      const std::uint8_t flags = block.u8();
      if (tracks_order_) block.skip(2);
      add(type, flags, block.take(size));
    }
  }

  void add(std::uint16_t type, unsigned flags, std::span<const std::byte> body) {
    constexpr unsigned shared_flag = 2;
    const Message message{known(type), (flags & shared_flag) != 0, body};
    source_.charge(sizeof message);
    if (message.type == MessageType::continuation) {
      Fields fields = message.fields();
      const std::uint64_t address = fields.u64();
      continuations_.push_back({address, fields.u64()});
    } else if (message.type != MessageType::nil) {
      object.messages.push_back(message);
    }
  }

  Place pop() {
    const Place last = continuations_.back();
    continuations_.pop_back();
    return last;
  }

  static constexpr std::uint64_t checksum_bytes = 4;
  Source& source_;
  bool tracks_order_ = false;
  std::vector<Place> continuations_;
};

}  // namespace

Fields Message::fields() const {
  if (shared) {
    throw Foreign("shares its description with other members", remedy::default_settings);
  }
  return Fields(body);
}

const Message* Object::find(MessageType type) const {
  const auto of_type = [&](const Message& message) { return message.type == type; };
  const auto found = std::find_if(messages.begin(), messages.end(), of_type);
  if (found == messages.end()) return nullptr;
  if (std::find_if(found + 1, messages.end(), of_type) != messages.end()) {
    throw Failure("an object header says the same thing twice");
  }
  return &*found;
}

Object read_object(Source& source, std::uint64_t address) { return std::move(Reader(source, address).object); }

}  // namespace shoal::h5
