#include "shoal/io/names.hpp"

#include <fmt/format.h>

#include <cassert>
#include <span>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

std::vector<std::byte> joined(const std::vector<std::string>& names) {
  std::vector<std::byte> bytes;
  for (const std::string& name : names) {
    assert(name.find('\0') == std::string::npos);
    const auto text = std::as_bytes(std::span(name.c_str(), name.size() + 1));
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  return bytes;
}

std::vector<std::string> parted(std::span<const std::byte> bytes, const std::string& file, const std::string& list) {
  std::vector<std::string> names;
  std::string name;
  for (const std::byte byte : bytes) {
    if (byte != std::byte{0}) {
      name.push_back(static_cast<char>(byte));
    } else {
      names.push_back(std::move(name));
      name.clear();
    }
  }
  if (name.empty()) return names;
  throw Error(ExitStatus::bad_data,
              fmt::format("{}: {} does not end with a byte 0; put one behind every name", file, list));
}

/// Of the two places, the one that has the list.
template <class Bytes>
std::optional<std::vector<std::string>> one_of(std::optional<std::vector<std::string>> attribute,
                                               const std::optional<Bytes>& array, const std::string& file,
                                               const std::string& list) {
  if (attribute && array)
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: {} is an attribute and an array; remove one of them", file, list));
  if (array) return parted(*array, file, list);
  return attribute;
}

}  // namespace

void write_names(H5Writer& writer, const std::string& list, const std::vector<std::string>& names) {
  if (names.empty()) return;
  if (fits_attribute(names)) {
    writer.set_attribute(list, names);
    return;
  }
  const std::vector<std::byte> bytes = joined(names);
  writer.create_array(list, ElementType::uint8, {static_cast<std::int64_t>(bytes.size())});
  writer.write_rows(list, 0, bytes);
}

void put_names(Archive& archive, const std::string& list, const std::vector<std::string>& names) {
  archive.attributes.erase(list);
  std::erase_if(archive.arrays, [&](const NamedArray& array) { return array.path == list; });
  if (names.empty()) return;
  if (fits_attribute(names)) {
    archive.attributes[list] = names;
  } else {
    std::vector<std::byte> bytes = joined(names);
    const auto size = static_cast<std::int64_t>(bytes.size());
    archive.put({list, ElementType::uint8, {size}, std::move(bytes)});
  }
}

std::optional<std::vector<std::string>> read_names(const H5Reader& reader, const std::string& list) {
  return one_of(reader.attribute<std::vector<std::string>>(list), reader.bytes(list), reader.path().string(), list);
}

std::optional<std::vector<std::string>> read_names(const Archive& archive, const std::string& list) {
  std::optional<std::vector<std::string>> attribute;
  if (archive.attributes.contains(list)) attribute = archive.attribute<std::vector<std::string>>(list);
  std::optional<std::span<const std::byte>> array;
  if (const NamedArray* found = archive.find(list)) array = std::as_bytes(found->values<std::uint8_t>());
  return one_of(std::move(attribute), array, archive.name, list);
}

}  // namespace shoal
