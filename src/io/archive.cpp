#include "shoal/io/archive.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/checkpoint_header.hpp"
#include "io/failure.hpp"
#include "io/image_reader.hpp"
#include "shoal/core/error.hpp"

namespace shoal {

void NamedArray::require(ElementType wanted) const {
  if (type == wanted) return;
  throw Error(ExitStatus::bad_data,
              fmt::format("the array {} holds {}, {} is needed", path, element_name(type), element_name(wanted)));
}

const NamedArray* Archive::find(const std::string& path) const {
  const auto found = std::find_if(arrays.begin(), arrays.end(), [&](const NamedArray& a) { return a.path == path; });
  return found == arrays.end() ? nullptr : &*found;
}

void Archive::put(NamedArray array) {
  const auto found = std::find_if(arrays.begin(), arrays.end(), [&](const auto& a) { return a.path == array.path; });
  if (found != arrays.end()) {
    *found = std::move(array);
  } else {
    arrays.push_back(std::move(array));
  }
}

NamedArray& Archive::renew(const std::string& path, ElementType type, const std::vector<std::int64_t>& shape) {
  auto found = std::find_if(arrays.begin(), arrays.end(), [&](const NamedArray& a) { return a.path == path; });
  if (found == arrays.end()) found = arrays.insert(arrays.end(), NamedArray{path, type, {}, {}});
  found->type = type;
  found->shape = shape;
  std::size_t bytes = element_bytes(type);
  for (const std::int64_t extent : shape) bytes *= static_cast<std::size_t>(extent);
  found->data.resize(bytes);
  return *found;
}

const NamedArray& Archive::array(const std::string& path) const {
  if (const NamedArray* found = find(path)) return *found;
  throw Error(ExitStatus::bad_data, fmt::format("{} has no array {}", name, path));
}

const std::string& Archive::text(const std::string& path) const {
  if (const auto found = texts.find(path); found != texts.end()) return found->second;
  throw Error(ExitStatus::bad_data, fmt::format("{} has no text {}", name, path));
}

const Attribute& Archive::any_attribute(const std::string& attribute_name) const {
  if (const auto found = attributes.find(attribute_name); found != attributes.end()) return found->second;
  throw Error(ExitStatus::bad_data, fmt::format("{} has no attribute {}", name, attribute_name));
}

void Archive::refuse_attribute(const std::string& attribute_name) const {
  throw Error(ExitStatus::bad_data, fmt::format("the attribute {} of {} is of another type", attribute_name, name));
}

void Archive::refuse_scalar(const std::string& path) const {
  throw Error(ExitStatus::bad_data, fmt::format("the array {} of {} is not a single number", path, name));
}

Archive decode(std::span<const std::byte> bytes, const std::string& name) try {
  h5::Image image = h5::read_image(verify_checkpoint(bytes, name));
  Archive archive;
  archive.name = name;
  for (auto& [path, view] : image.arrays) {
    archive.arrays.push_back({path, view.type, std::move(view.shape), {view.data.begin(), view.data.end()}});
  }
  archive.texts = std::move(image.texts);
  archive.attributes = std::move(image.attributes);
  return archive;
} catch (const h5::Failure& failure) {
  throw Error(ExitStatus::bad_data, fmt::format("{} is not a shoal checkpoint: {}", name, failure.what()));
}

}  // namespace shoal
