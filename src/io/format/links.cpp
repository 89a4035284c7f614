#include "io/format/links.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/failure.hpp"

namespace shoal::h5 {
namespace {

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A group as a table of symbols: a B-tree whose leaves are nodes of entries, their names in a heap of the group's own.
class SymbolTable {
 public:
  SymbolTable(Source& source, Fields message) : source_(source) {
    const std::uint64_t tree = message.u64();
    read_heap(message.u64());
    read_tree(tree, -1);
  }

  std::vector<Link> links;

 private:
  void read_heap(std::uint64_t address) {
    constexpr std::uint64_t header_bytes = 32;
    const std::vector<std::byte> bytes = source_.take(address, header_bytes);
    Fields header(bytes);
    if (!header.is("HEAP") || header.u8() != 0) throw Failure("a group's names are not where it says");
    header.skip(3);  // reserved
    const std::uint64_t size = header.u64();
    header.skip(8);  // free space
    heap_ = source_.take(header.u64(), size);
  }

  /// @param level  that the parent expects; -1 for the root
  void read_tree(std::uint64_t address, int level) {
    constexpr int deepest = 32;
    constexpr std::uint64_t header_bytes = 24;
    constexpr std::uint64_t entry_bytes = 16;
    constexpr std::uint64_t key_bytes = 8;
    const std::vector<std::byte> begin = source_.take(address, header_bytes);
    Fields header(begin);
    if (!header.is("TREE") || header.u8() != 0) throw Failure("a group's members are not where it says");
    const int own_level = header.u8();
    if (own_level > deepest || (level >= 0 && own_level != level)) throw Failure("a group's tree has a wrong level");
    const std::uint64_t count = header.u16();
    const std::vector<std::byte> rest = source_.take(address + header_bytes, count * entry_bytes + key_bytes);
    Fields entries(rest);
    for (std::uint64_t i = 0; i < count; ++i) {
      entries.skip(key_bytes);
      const std::uint64_t child = entries.u64();
      own_level > 0 ? read_tree(child, own_level - 1) : read_node(child);
    }
  }

  void read_node(std::uint64_t address) {
    constexpr std::uint64_t header_bytes = 8;
    constexpr std::uint64_t entry_bytes = 40;
    const std::vector<std::byte> begin = source_.take(address, header_bytes);
    Fields header(begin);
    if (!header.is("SNOD") || header.u8() != 1) throw Failure("a group's members are not where it says");
    header.skip(1);
    const std::uint64_t count = header.u16();
    const std::vector<std::byte> rest = source_.take(address + header_bytes, count * entry_bytes);
    Fields entries(rest);
    for (std::uint64_t i = 0; i < count; ++i) {
      constexpr std::uint32_t most_kind = 2;
      Link link;
      link.name = name_at(entries.u64());
      link.address = entries.u64();
      const std::uint32_t kind = entries.u32();  // object, group with its table repeated here, soft link
      if (kind > most_kind) throw Failure("a link is of an unknown kind");
      if (kind == most_kind) link.kind = Link::Kind::soft;
      entries.skip(20);
      links.push_back(std::move(link));
    }
  }

  std::string name_at(std::uint64_t at) {
    if (at >= heap_.size()) throw Failure("a name lies beyond its heap");
    const auto begin = heap_.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = std::find(begin, heap_.end(), std::byte{0});
    source_.charge(sizeof(Link) + static_cast<std::uint64_t>(end - begin));
    return text({begin, end});
  }

  Source& source_;
  std::vector<std::byte> heap_;
};

Link read_link(Source& source, Fields message) {
  enum : unsigned { hard = 0, soft = 1 };
  if (const unsigned version = message.u8(); version != 1) {
    throw Failure(fmt::format("a link has the unknown version {}", version));
  }
  const unsigned flags = message.u8();
  if ((flags & ~0x1FU) != 0) throw Failure(fmt::format("a link has the unknown flags {}", flags));
  const unsigned kind = (flags & 8U) != 0 ? message.u8() : unsigned{hard};
  if ((flags & 4U) != 0) message.skip(8);   // order of creation
  if ((flags & 16U) != 0) message.skip(1);  // character set
  Link link;
  link.name = text(message.take(message.number(std::size_t{1} << (flags & 3U))));
  source.charge(sizeof(Link) + link.name.size());
  if (kind == hard) {
    link.address = message.u64();
  } else {
    link.kind = kind == soft ? Link::Kind::soft : Link::Kind::elsewhere;
  }
  return link;
}

void refuse_heap_of_links(Fields info) {
  info.skip(1);  // version
  if ((info.u8() & 1U) != 0) info.skip(8);
  if (info.u64() == no_address) return;
  throw Foreign("keeps its members in a heap",
                "write it with h5py's default settings, or not more than eight members to a group");
}

}  // namespace

bool is_group(const Object& object) {
  return object.find(MessageType::symbol_table) != nullptr || object.find(MessageType::link_info) != nullptr;
}

std::vector<Link> read_links(Source& source, const Object& group) {
  if (const Message* table = group.find(MessageType::symbol_table)) {
    return std::move(SymbolTable(source, table->fields()).links);
  }
  refuse_heap_of_links(group.find(MessageType::link_info)->fields());
  std::vector<Link> links;
  for (const Message& message : group.messages) {
    if (message.type == MessageType::link) links.push_back(read_link(source, message.fields()));
  }
  return links;
}

}  // namespace shoal::h5
