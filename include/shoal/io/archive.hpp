#pragma once

// A checkpoint as a list of named arrays, texts and attributes, and its bytes: 512 bytes of our own (magic, format
// version, lengths, hashes, step), then a plain HDF5 image, which any HDF5 tool opens as it is. The bytes are hashed
// whole, so that a file that was cut short or altered is refused before its content is looked at.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "shoal/io/element_type.hpp"
#include "shoal/io/file_bytes.hpp"

namespace shoal {

/// Row-major. `path` is "group/.../name", without a slash in front. Shape {} is a scalar; a dimension may be 0.
struct NamedArray {
  std::string path;
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> data;

  /// Its elements. @throws Error(bad_data) when it holds another type than T.
  template <class T>
  std::span<const T> values() const {
    require(element_type_of<T>());
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }
  bool operator==(const NamedArray&) const = default;

 private:
  void require(ElementType wanted) const;
};

/// A copy of `values`, as many as the shape says.
template <class T>
NamedArray make_array(std::string path, std::vector<std::int64_t> shape, std::span<const T> values) {
  NamedArray array{std::move(path), element_type_of<T>(), std::move(shape), {}};
  [[maybe_unused]] std::size_t count = 1;
  for (const std::int64_t extent : array.shape) count *= static_cast<std::size_t>(extent);
  assert(count == values.size());
  array.data.resize(values.size_bytes());
  if (!values.empty()) std::memcpy(array.data.data(), values.data(), values.size_bytes());
  return array;
}
template <class T>
NamedArray make_scalar(std::string path, T value) {
  return make_array<T>(std::move(path), {}, std::span<const T>(&value, 1));
}

/// The order of `arrays` is not kept: bytes do not depend on it, and decode() lists them by path, bytewise.
struct Archive {
  std::vector<NamedArray> arrays;
  std::map<std::string, std::string> texts;  ///< by path; scalar UTF-8 strings, without the character 0
  std::map<std::string, Attribute> attributes;
  std::string name;  ///< the file that it came from, for messages

  const NamedArray* find(const std::string& path) const;  ///< nullptr when there is none
  /// Takes the place of the array of that path, if there is one.
  void put(NamedArray array);
  /// The array of that path with `data` of the right size and any content; keeps the memory of the one that was there.
  NamedArray& renew(const std::string& path, ElementType type, const std::vector<std::int64_t>& shape);

  /// These throw Error(bad_data) that names what is missing, or of another type.
  const NamedArray& array(const std::string& path) const;
  const std::string& text(const std::string& path) const;
  template <class T>
  const T& attribute(const std::string& attribute_name) const {
    if (const T* value = std::get_if<T>(&any_attribute(attribute_name))) return *value;
    refuse_attribute(attribute_name);
  }
  template <class T>
  T scalar(const std::string& path) const {
    const std::span<const T> values = array(path).values<T>();
    if (values.size() != 1) refuse_scalar(path);
    return values[0];
  }

 private:
  const Attribute& any_attribute(const std::string& attribute_name) const;
  [[noreturn]] void refuse_attribute(const std::string& attribute_name) const;
  [[noreturn]] void refuse_scalar(const std::string& path) const;
};

/// Makes `bytes` those of a checkpoint: a function of content and step alone. Memory that `bytes` has is used again;
/// the archive is copied once, into it. Reads its own image back and compares before it returns.
void encode(const Archive& archive, std::uint64_t step, FileBytes& bytes);
std::vector<std::byte> encode(const Archive& archive, std::uint64_t step);

/// @param name  of the file, for messages
/// @throws Error(bad_data) for bytes that are cut short, altered in any bit, or no checkpoint. Content that encode()
///         does not write (filters, chunks, links, external storage, strings of variable length) is refused too.
Archive decode(std::span<const std::byte> bytes, const std::string& name);

/// The bytes of a checkpoint file. Its header is judged first: no memory is taken for a file whose length is not the
/// one in the header, or that is larger than half of this machine's memory.
/// @throws Error(bad_data) as decode(), Error(no_input), Error(input_output)
std::vector<std::byte> read_checkpoint(const std::filesystem::path& path);

/// Whether the file exists, can be read and begins like a checkpoint; it may still be damaged.
bool looks_like_checkpoint(const std::filesystem::path& path);

}  // namespace shoal
