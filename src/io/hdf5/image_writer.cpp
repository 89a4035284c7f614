#include "io/hdf5/image_writer.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "io/bytes_within.hpp"
#include "io/hdf5/h5.hpp"
#include "io/hdf5/image_memory.hpp"

namespace shoal::h5 {
namespace {

std::vector<const NamedArray*> sorted_by_path(const Archive& archive) {
  std::vector<const NamedArray*> arrays;
  for (const NamedArray& array : archive.arrays) arrays.push_back(&array);
  std::sort(arrays.begin(), arrays.end(), [](const auto* a, const auto* b) { return a->path < b->path; });
  return arrays;
}

/// A little more than the whole image takes, so that it grows once: content, and what HDF5 adds for each member.
std::size_t image_bytes(const Archive& archive) {
  constexpr std::size_t for_the_file = std::size_t{1} << 16;
  constexpr std::size_t for_a_member = 2048;
  std::size_t bytes = for_the_file + for_a_member * (archive.arrays.size() + archive.texts.size());
  for (const NamedArray& array : archive.arrays) bytes += array.data.size();
  for (const auto& [path, text] : archive.texts) bytes += text.size();
  return bytes;
}

/// Makes arrays. The group of the last stays open, for most neighbours by path share it, and to find one takes HDF5
/// longer than to write a small array.
class Members {
 public:
  explicit Members(hid_t file) : file_(file) {}

  void write(const std::string& path, hid_t type, hid_t space, std::span<const std::byte> data) {
    const std::size_t slash = path.rfind('/');
    const hid_t group = slash == std::string::npos ? file_ : open(path, path.substr(0, slash));
    const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    const Handle dataset(H5Dcreate2(group, name.c_str(), type, space, H5P_DEFAULT, creation_, H5P_DEFAULT), H5Dclose,
                         "make an array");
    if (data.empty()) return;
    check_status(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data.data()), "write an array");
  }

 private:
  hid_t open(const std::string& path, std::string group) {
    if (group_ && group == name_) return *group_;
    group_.reset();
    make_groups(file_, path);
    group_.emplace(H5Gopen2(file_, group.c_str(), H5P_DEFAULT), H5Gclose, "open a group");
    name_ = std::move(group);
    return *group_;
  }

  hid_t file_;
  Handle creation_ = array_creation();
  std::optional<Handle> group_;
  std::string name_;
};

}  // namespace

void write_image(const Archive& archive, std::size_t front, FileBytes& bytes) {
  start();
  ImageMemory memory(bytes, front);
  const Handle access = memory.writing_access(image_bytes(archive));
  Handle file(H5Fcreate(no_file, H5F_ACC_TRUNC, file_creation(), access), H5Fclose, "make an image");
  std::optional<Members> members(file);
  for (const NamedArray* array : sorted_by_path(archive)) {
    const auto size = bytes_within(array->shape, element_bytes(array->type), array->data.size());
    if (size != array->data.size()) throw Failure(array->path + " does not have as many elements as its shape");
    members->write(array->path, type_id(array->type), simple_space(array->shape), array->data);
  }
  for (const auto& [path, text] : archive.texts) {
    const std::string padded = text.empty() ? std::string(1, '\0') : text;
    members->write(path, string_type(padded.size()), simple_space({}), std::as_bytes(std::span(padded)));
  }
  members.reset();
  for (const auto& [name, value] : archive.attributes) write_attribute(file, name, value);
  check_status(H5Fflush(file, H5F_SCOPE_GLOBAL), "finish the image");
  const hid_t size = check(H5Fget_file_image(file, nullptr, 0), "measure the image");
  file.close("close the image");
  memory.finish(static_cast<std::size_t>(size));
}

}  // namespace shoal::h5
