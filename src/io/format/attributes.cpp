#include "io/format/attributes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "io/bytes_within.hpp"
#include "io/failure.hpp"
#include "io/format/messages.hpp"
#include "io/format/text_heap.hpp"

namespace shoal::h5 {
namespace {

std::string text_until_zero(std::span<const std::byte> bytes, bool padded_with_spaces) {
  std::string text(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), std::byte{0}) - bytes.begin()));
  if (padded_with_spaces) text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

template <class T>
T value_of(std::span<const std::byte> bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::int64_t whole_number(ElementType type, std::span<const std::byte> bytes) {
  switch (type) {
    case ElementType::uint8: return value_of<std::uint8_t>(bytes);
    case ElementType::uint16: return value_of<std::uint16_t>(bytes);
    case ElementType::uint32: return value_of<std::uint32_t>(bytes);
    case ElementType::int8: return value_of<std::int8_t>(bytes);
    case ElementType::int16: return value_of<std::int16_t>(bytes);
    case ElementType::int32: return value_of<std::int32_t>(bytes);
    case ElementType::uint64: {
      constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      return static_cast<std::int64_t>(std::min(value_of<std::uint64_t>(bytes), most));
    }
    default: return value_of<std::int64_t>(bytes);
  }
}

/// A value of the header, element by element.
struct Value {
  Type type;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;

  std::size_t count() const { return data.size() / type.bytes; }
  std::span<const std::byte> element(std::size_t i) const { return data.subspan(i * type.bytes, type.bytes); }

  /// read(element) of all: one for a scalar, a list for one dimension
  template <class Read>
  Attribute each(const Read& read) const {
    if (shape.empty()) return read(element(0));
    std::vector<decltype(read(data))> list;
    for (std::size_t i = 0; i < count(); ++i) list.push_back(read(element(i)));
    return list;
  }
};

std::optional<Attribute> convert(const Value& value, TextHeap& heap, VariableTexts variable_texts) {
  const Type& type = value.type;
  if (value.shape.size() > 1) return std::nullopt;
  switch (type.kind) {
    case Type::Kind::number: {
      if (!is_floating(*type.element))
        return value.each([&](auto bytes) { return whole_number(*type.element, bytes); });
      if (!value.shape.empty()) return std::nullopt;
      return type.element == ElementType::float32 ? double{value_of<float>(value.data)} : value_of<double>(value.data);
    }
    case Type::Kind::text:
      return value.each([&](auto bytes) { return text_until_zero(bytes, type.padded_with_spaces); });
    case Type::Kind::variable_text:
      if (variable_texts == VariableTexts::refused) return std::nullopt;
      return value.each([&](auto bytes) { return heap.read(Fields(bytes)); });
    default: return std::nullopt;
  }
}

/// A part of a message that version 1 pads to whole multiples of 8 bytes.
std::span<const std::byte> part(Fields& message, std::uint64_t bytes, bool padded) {
  const std::span<const std::byte> content = message.take(bytes);
  constexpr std::uint64_t alignment = 8;
  if (padded) message.skip((alignment - bytes % alignment) % alignment);
  return content;
}

struct Named {
  std::string name;
  std::optional<Attribute> value;
};

Named read_attribute(Source& source, Fields message, TextHeap& heap, VariableTexts variable_texts) {
  const unsigned version = message.u8();
  const unsigned flags = message.u8();
  if (version < 1 || version > 3) throw Failure(fmt::format("an attribute has the unknown version {}", version));
  const std::uint16_t name_bytes = message.u16();
  const std::uint16_t type_bytes = message.u16();
  const std::uint16_t shape_bytes = message.u16();
  if (version == 3) message.skip(1);  // character set of the name
  const bool padded = version == 1;
  Named attribute{text_until_zero(part(message, name_bytes, padded), false), std::nullopt};
  const Fields type(part(message, type_bytes, padded));
  const Fields shape(part(message, shape_bytes, padded));
  if (version > 1 && flags != 0) return attribute;  // of a type or shape that lies elsewhere
  Value value{read_type(type), read_shape(shape), {}};
  const auto bytes = bytes_within(value.shape, value.type.bytes, message.left());
  if (!bytes) throw Failure(fmt::format("the attribute {} ends too soon", attribute.name));
  value.data = message.take(*bytes);
  source.charge(value.count() * sizeof(std::string) + value.data.size());
  attribute.value = convert(value, heap, variable_texts);
  return attribute;
}

void refuse_heap(const Object& object) {
  const Message* message = object.find(MessageType::attribute_info);
  if (message == nullptr) return;
  Fields info = message->fields();
  info.skip(1);  // version
  if ((info.u8() & 1U) != 0) info.skip(2);
  if (info.u64() == no_address) return;
  throw Foreign("keeps its attributes in a heap",
                "write it with h5py's default settings, or not more than eight attributes");
}

}  // namespace

std::map<std::string, std::optional<Attribute>> read_attributes(Source& source, const Object& object,
                                                                VariableTexts variable_texts) {
  refuse_heap(object);
  TextHeap heap(source);
  std::map<std::string, std::optional<Attribute>> attributes;
  for (const Message& message : object.messages) {
    if (message.type != MessageType::attribute) continue;
    Named attribute = read_attribute(source, message.fields(), heap, variable_texts);
    source.charge(sizeof attribute + attribute.name.size());
    if (!attributes.emplace(attribute.name, std::move(attribute.value)).second) {
      throw Failure("two attributes have one name");
    }
  }
  return attributes;
}

}  // namespace shoal::h5
