#include "shoal/io/archive.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/checkpoint_header.hpp"
#include "io/h5.hpp"
#include "io/image_reader.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

std::vector<const NamedArray*> sorted_by_path(const Archive& archive) {
  std::vector<const NamedArray*> arrays;
  for (const NamedArray& array : archive.arrays) arrays.push_back(&array);
  std::sort(arrays.begin(), arrays.end(), [](const auto* a, const auto* b) { return a->path < b->path; });
  return arrays;
}

std::size_t content_bytes(const Archive& archive) {
  std::size_t bytes = 0;
  for (const NamedArray& array : archive.arrays) bytes += array.data.size();
  for (const auto& [path, text] : archive.texts) bytes += text.size();
  return bytes;
}

void write_dataset(hid_t file, const std::string& path, hid_t type, hid_t space, std::span<const std::byte> data) {
  h5::make_groups(file, path);
  const h5::Handle dataset(H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, h5::array_creation(), H5P_DEFAULT),
                           H5Dclose, "make an array");
  if (data.empty()) return;
  h5::check_status(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data.data()), "write an array");
}

/// The image with room for the header in front.
std::vector<std::byte> build_image(const Archive& archive) {
  h5::start();
  const h5::Handle access = h5::file_access();
  // Growing in small steps copies the image again and again; most time of a save went there.
  constexpr std::size_t least_increment = std::size_t{1} << 20;
  h5::check_status(H5Pset_fapl_core(access, std::max(least_increment, content_bytes(archive)), 0), "make an image");
  h5::Handle file(H5Fcreate("checkpoint", H5F_ACC_TRUNC, h5::file_creation(), access), H5Fclose, "make an image");
  for (const NamedArray* array : sorted_by_path(archive)) {
    const auto bytes = h5::bytes_within(array->shape, element_bytes(array->type), array->data.size());
    if (bytes != array->data.size()) throw h5::Failure(array->path + " does not have as many elements as its shape");
    write_dataset(file, array->path, h5::type_id(array->type), h5::simple_space(array->shape), array->data);
  }
  for (const auto& [path, text] : archive.texts) {
    const std::string padded = text.empty() ? std::string(1, '\0') : text;
    write_dataset(file, path, h5::string_type(padded.size()), h5::simple_space({}), std::as_bytes(std::span(padded)));
  }
  for (const auto& [name, value] : archive.attributes) h5::write_attribute(file, name, value);
  h5::check_status(H5Fflush(file, H5F_SCOPE_GLOBAL), "finish the image");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  h5::check(size, "take the image");
  // HDF5 leaves out a user block, so the image is made without one and the header is put in front here.
  std::vector<std::byte> bytes(checkpoint_header_bytes + static_cast<std::size_t>(size));
  h5::check(H5Fget_file_image(file, bytes.data() + checkpoint_header_bytes, static_cast<std::size_t>(size)),
            "take the image");
  file.close("close the image");
  return bytes;
}

/// An image that HDF5 cannot read back would be found when it is needed most.
void compare_with(const Archive& archive, std::span<const std::byte> image) {
  h5::ImageReader reader(image);
  std::size_t members = 0;
  reader.on_array = [&](const NamedArray& read) {
    const NamedArray* written = archive.find(read.path);
    if (written == nullptr || *written != read) throw h5::Failure(read.path + " did not read back as written");
    ++members;
  };
  reader.on_text = [&](const std::string& path, const std::string& read) {
    const auto written = archive.texts.find(path);
    if (written == archive.texts.end() || written->second != read) {
      throw h5::Failure(path + " did not read back as written");
    }
    ++members;
  };
  reader.read_members();
  if (members != archive.arrays.size() + archive.texts.size()) throw h5::Failure("an array did not read back");
  if (reader.read_attributes() != archive.attributes) throw h5::Failure("the attributes did not read back as written");
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

std::vector<std::byte> encode(const Archive& archive, std::uint64_t step) try {
  std::vector<std::byte> bytes = build_image(archive);
  compare_with(archive, std::span(bytes).subspan(checkpoint_header_bytes));
  write_checkpoint_header(bytes, step);
  return bytes;
} catch (const h5::Failure& failure) {
  throw Error(ExitStatus::internal, fmt::format("cannot build a checkpoint: {}", failure.what()));
}

Archive decode(std::span<const std::byte> bytes, const std::string& name) try {
  h5::ImageReader reader(verify_checkpoint(bytes, name));
  Archive archive;
  archive.name = name;
  reader.on_array = [&](NamedArray array) { archive.arrays.push_back(std::move(array)); };
  reader.on_text = [&](const std::string& path, std::string text) { archive.texts.emplace(path, std::move(text)); };
  reader.read_members();
  archive.attributes = reader.read_attributes();
  std::sort(archive.arrays.begin(), archive.arrays.end(),
            [](const NamedArray& a, const NamedArray& b) { return a.path < b.path; });
  return archive;
} catch (const h5::Failure& failure) {
  throw Error(ExitStatus::bad_data, fmt::format("{} is not a shoal checkpoint: {}", name, failure.what()));
}

}  // namespace shoal
