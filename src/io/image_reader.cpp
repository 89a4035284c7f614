#include "io/image_reader.hpp"

#include <algorithm>

#include "io/image_memory.hpp"

namespace shoal::h5 {
namespace {

constexpr int deepest = 32;  // each level takes stack here

Handle open_image(std::span<const std::byte> image) {
  start();
  return {H5Fopen(no_file, H5F_ACC_RDONLY, reading_access(image)), H5Fclose, "open the image"};
}

void refuse_odd_storage(hid_t dataset, const std::string& path) {
  const Handle list(H5Dget_create_plist(dataset), H5Pclose, "read a layout");
  if (H5Pget_external_count(list) != 0) throw Failure(path + " lies in another file");
  if (H5Pget_layout(list) != H5D_CONTIGUOUS) throw Failure(path + " is chunked, compact or virtual");
  if (H5Pget_nfilters(list) != 0) throw Failure(path + " is filtered");
}

}  // namespace

ImageReader::ImageReader(std::span<const std::byte> image)
    : image_(image), unclaimed_(image.size()), file_(open_image(image)) {
  const Handle list(H5Fget_create_plist(file_), H5Pclose, "read how the image was made");
  hsize_t front = 0;
  check_status(H5Pget_userblock(list, &front), "read how the image was made");
  if (front != 0) throw Failure("the image does not begin with HDF5's own mark");
}

void ImageReader::read_members() {
  const Handle root(H5Gopen2(file_, "/", H5P_DEFAULT), H5Gclose, "open the root");
  H5O_info_t info{};
  check_status(H5Oget_info2(root, &info, H5O_INFO_BASIC), "read the root");
  seen_.emplace(info.fileno, info.addr);
  read_group(root, "");
}

void ImageReader::read_group(hid_t group, const std::string& path) {
  const std::string prefix = path.empty() ? "" : path + "/";
  for (const std::string& name : link_names(group)) {
    std::string member = prefix;
    member += name;
    H5L_info_t link{};
    check_status(H5Lget_info(group, name.c_str(), &link, H5P_DEFAULT), "read a link");
    if (link.type != H5L_TYPE_HARD) throw Failure(member + " is a link to elsewhere");
    H5O_info_t info{};
    check_status(H5Oget_info_by_name2(group, name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT), "read an object");
    if (!seen_.emplace(info.fileno, info.addr).second) throw Failure(member + " is there twice");
    if (info.type == H5O_TYPE_GROUP) {
      if (std::count(member.begin(), member.end(), '/') > deepest) throw Failure("groups are nested too deep");
      const Handle below(H5Gopen2(group, name.c_str(), H5P_DEFAULT), H5Gclose, "open a group");
      read_group(below, member);
    } else if (info.type == H5O_TYPE_DATASET) {
      read_array(member);
    } else {
      throw Failure(member + " is neither group nor array");
    }
  }
}

void ImageReader::read_array(const std::string& path) {
  const Handle dataset(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose, "open an array");
  refuse_odd_storage(dataset, path);
  const Handle type(H5Dget_type(dataset), H5Tclose, "read a type");
  if (H5Tcommitted(type) != 0) throw Failure(path + " has a type that lies elsewhere in the file");
  const Handle space(H5Dget_space(dataset), H5Sclose, "read a shape");
  const std::vector<std::int64_t> shape = shape_of(space);
  if (H5Tget_class(type) == H5T_STRING) {
    if (H5Tis_variable_str(type) != 0) throw Failure(path + " is a string of variable length");
    if (H5Sget_simple_extent_type(space) != H5S_SCALAR) throw Failure(path + " is an array of strings");
    const std::span bytes = storage(dataset, shape, H5Tget_size(type), path);
    std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    text.erase(std::min(text.find('\0'), text.size()));
    on_text(path, std::move(text));
    return;
  }
  const std::optional<ElementType> element = element_type(type);
  if (!element) throw Failure(path + " has elements of another type than whole numbers and floats, little endian");
  on_array(path, {*element, shape, storage(dataset, shape, element_bytes(*element), path)});
}

std::span<const std::byte> ImageReader::storage(hid_t dataset, const std::vector<std::int64_t>& shape,
                                                std::size_t element, const std::string& path) {
  const std::optional<std::size_t> bytes = bytes_within(shape, element, unclaimed_);
  if (!bytes) throw Failure(path + " is larger than the file that holds it");
  unclaimed_ -= *bytes;
  if (*bytes == 0) return {};
  const haddr_t offset = H5Dget_offset(dataset);
  if (H5Dget_storage_size(dataset) < *bytes || offset == HADDR_UNDEF) {
    throw Failure(path + " has less storage than its shape");
  }
  if (offset > image_.size() || *bytes > image_.size() - offset) throw Failure(path + " ends beyond its file");
  return image_.subspan(offset, *bytes);
}

std::map<std::string, Attribute> ImageReader::read_attributes() {
  std::map<std::string, Attribute> attributes;
  for (const std::string& name : attribute_names(file_)) {
    std::optional<Attribute> value = read_attribute(file_, name, image_.size(), false);
    if (!value) throw Failure("the attribute " + name + " is of a type that a checkpoint does not hold");
    attributes.emplace(name, *std::move(value));
  }
  return attributes;
}

}  // namespace shoal::h5
