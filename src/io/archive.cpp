#include "shoal/io/archive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "io/checkpoint_header.hpp"
#include "io/hdf5/h5.hpp"
#include "io/hdf5/image_writer.hpp"
#include "io/image_reader.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// An image that cannot be read back would be found when it is needed most.
void compare_with(const Archive& archive, std::span<const std::byte> bytes) {
  const h5::Image image = h5::read_image(bytes);
  for (const NamedArray& written : archive.arrays) {
    const auto found = image.arrays.find(written.path);
    if (found == image.arrays.end()) throw h5::Failure(written.path + " did not read back");
    const h5::ArrayView& read = found->second;
    const bool same = written.type == read.type && written.shape == read.shape &&
                      written.data.size() == read.data.size() &&
                      (read.data.empty() || std::memcmp(written.data.data(), read.data.data(), read.data.size()) == 0);
    if (!same) throw h5::Failure(written.path + " did not read back as written");
  }
  if (image.arrays.size() != archive.arrays.size()) throw h5::Failure("the image has arrays that were not written");
  if (image.texts != archive.texts) throw h5::Failure("the texts did not read back as written");
  if (image.attributes != archive.attributes) throw h5::Failure("the attributes did not read back as written");
}

}  // namespace

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

void encode(const Archive& archive, std::uint64_t step, FileBytes& bytes) try {
  const h5::Turn turn;
  h5::write_image(archive, checkpoint_header_bytes, bytes);
  compare_with(archive, std::span(bytes).subspan(checkpoint_header_bytes));
  write_checkpoint_header(bytes, step);
} catch (const h5::Failure& failure) {
  throw Error(ExitStatus::internal, fmt::format("cannot build a checkpoint: {}", failure.what()));
}

std::vector<std::byte> encode(const Archive& archive, std::uint64_t step) {
  FileBytes bytes;
  encode(archive, step, bytes);
  return {bytes.begin(), bytes.end()};
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
