#include "io/format/contents.hpp"

#include <fmt/format.h>

#include "io/bytes_within.hpp"
#include "io/failure.hpp"
#include "io/format/links.hpp"
#include "io/format/messages.hpp"
#include "io/format/remedies.hpp"
#include "io/format/superblock.hpp"

namespace shoal::h5 {
namespace {

class Walk {
 public:
  Walk(Source& source, Contents& contents) : source_(source), contents_(contents) {}

  void read(VariableTexts variable_texts) {
    const std::uint64_t address = open_superblock(source_);
    const Object root = read_object(source_, address);
    if (!is_group(root)) throw Failure("its root is not a group");
    seen_.emplace(address, "/");
    contents_.attributes = read_attributes(source_, root, variable_texts);
    contents_.members[""].kind = Member::Kind::group;
    read_group(root, "", 0);
  }

 private:
  void read_group(const Object& group, const std::string& path, int depth) {
    constexpr int deepest = 32;
    if (depth > deepest) throw Failure("groups are nested too deep");
    for (const Link& link : read_links(source_, group)) {
      if (link.name.empty() || link.name.find_first_of(std::string("/\0", 2)) != std::string::npos) {
        throw Failure("a member has no name, or one that no file can have");
      }
      std::string name = path;
      if (!path.empty()) name += '/';
      name += link.name;
      source_.charge(2 * name.size() + sizeof(Member));
      const auto [member, is_new] = contents_.members.try_emplace(name);
      if (!is_new) throw Failure(name + " is the name of two members");
      try {
        read_member(link, name, member->second, depth);
      } catch (const Foreign& foreign) {
        member->second.refusal = foreign.what();
        member->second.remedy = foreign.remedy();
      }
    }
  }

  void read_member(const Link& link, const std::string& name, Member& member, int depth) {
    if (link.kind == Link::Kind::soft) throw Foreign("is a link", "put what it leads to in its place");
    if (link.kind == Link::Kind::elsewhere) throw Foreign("lies in another file", "copy it into this one");
    const auto [first, is_new] = seen_.emplace(link.address, name);
    if (!is_new) throw Foreign(fmt::format("is there twice, also as {}", first->second), "copy it");
    const Object object = read_object(source_, link.address);
    if (is_group(object)) {
      read_group(object, name, depth + 1);
      member.kind = Member::Kind::group;
    } else if (object.find(MessageType::layout) != nullptr) {
      member.kind = Member::Kind::array;
      read_array(object, name, member);
    } else {
      throw Foreign("is neither group nor array", "leave it out");
    }
  }

  void read_array(const Object& object, const std::string& name, Member& member) {
    const Message* shape = object.find(MessageType::dataspace);
    const Message* type = object.find(MessageType::datatype);
    if (shape == nullptr || type == nullptr) throw Failure(name + " has no shape or no type");
    if (object.find(MessageType::external_files) != nullptr)
      throw Foreign("is stored in other files", remedy::contiguous);
    if (object.find(MessageType::filters) != nullptr) throw Foreign("is compressed or filtered", remedy::contiguous);
    const Storage storage = read_layout(object.find(MessageType::layout)->fields());
    if (type->shared) throw Foreign("has a type that lies elsewhere in the file", remedy::plain_numbers);
    const Type element = read_type(type->fields());
    member.shape = read_shape(shape->fields());
    switch (element.kind) {
      case Type::Kind::number: member.type = *element.element; break;
      case Type::Kind::text:
        if (!member.shape.empty()) throw Foreign("is an array of texts", remedy::plain_numbers);
        member.kind = Member::Kind::text;
        break;
      case Type::Kind::variable_text: throw Foreign("is a text of variable length", remedy::plain_numbers);
      case Type::Kind::big_endian: throw Foreign("is big endian", remedy::plain_numbers);
      default: throw Foreign("has elements of a type that shoal does not read", remedy::plain_numbers);
    }
    const auto bytes = bytes_within(member.shape, element.bytes, source_.size());
    if (!bytes) throw Failure(name + " is larger than the file that holds it");
    member.bytes = *bytes;
    if (member.bytes == 0) return;
    if (storage.address == no_address) throw Foreign("was never written", "write its values");
    if (storage.bytes < member.bytes) throw Failure(name + " has less storage than its shape");
    source_.claim(storage.address, member.bytes);
    member.offset = source_.base() + storage.address;
  }

  Source& source_;
  Contents& contents_;
  std::map<std::uint64_t, std::string> seen_;
};

}  // namespace

Contents read_contents(Source& source, VariableTexts variable_texts) {
  Contents contents;
  Walk(source, contents).read(variable_texts);
  return contents;
}

}  // namespace shoal::h5
