#include "io/image_reader.hpp"

#include <algorithm>

namespace shoal::h5 {
namespace {

constexpr int deepest = 32;  // each level takes stack here

Handle open_image(std::span<const std::byte> image) {
  start();
  const Handle access = file_access();
  constexpr std::size_t increment = std::size_t{1} << 20;
  check_status(H5Pset_fapl_core(access, increment, 0), "open the image");
  // HDF5 copies the bytes; its interface is older than const.
  check_status(H5Pset_file_image(access, const_cast<std::byte*>(image.data()), image.size()), "open the image");
  return {H5Fopen("checkpoint", H5F_ACC_RDONLY, access), H5Fclose, "open the image"};
}

void refuse_odd_storage(hid_t dataset, const std::string& path) {
  const Handle list(H5Dget_create_plist(dataset), H5Pclose, "read a layout");
  const H5D_layout_t layout = H5Pget_layout(list);
  if (layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) throw Failure(path + " is chunked or virtual");
  if (H5Pget_nfilters(list) != 0) throw Failure(path + " is filtered");
  if (H5Pget_external_count(list) != 0) throw Failure(path + " lies in another file");
}

}  // namespace

ImageReader::ImageReader(std::span<const std::byte> image) : unclaimed_(image.size()), file_(open_image(image)) {}

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
  const Handle space(H5Dget_space(dataset), H5Sclose, "read a shape");
  std::vector<std::int64_t> shape = shape_of(space);
  if (H5Tget_class(type) == H5T_STRING) {
    if (H5Tis_variable_str(type) != 0) throw Failure(path + " is a string of variable length");
    if (H5Sget_simple_extent_type(space) != H5S_SCALAR) throw Failure(path + " is an array of strings");
    std::string text(claim(shape, H5Tget_size(type), path), '\0');
    check_status(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()), "read a text");
    text.erase(std::min(text.find('\0'), text.size()));
    on_text(path, std::move(text));
    return;
  }
  const std::optional<ElementType> element = element_type(type);
  if (!element) throw Failure(path + " has elements of another type than whole numbers and floats, little endian");
  NamedArray array{path, *element, std::move(shape), {}};
  array.data.resize(claim(array.shape, element_bytes(*element), path));
  if (!array.data.empty()) {
    if (H5Dget_storage_size(dataset) < array.data.size()) throw Failure(path + " has less storage than its shape");
    check_status(H5Dread(dataset, type_id(*element), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.data.data()),
                 "read an array");
  }
  on_array(std::move(array));
}

std::size_t ImageReader::claim(const std::vector<std::int64_t>& shape, std::size_t element, const std::string& path) {
  const std::optional<std::size_t> bytes = bytes_within(shape, element, unclaimed_);
  if (!bytes) throw Failure(path + " is larger than the file that holds it");
  unclaimed_ -= *bytes;
  return *bytes;
}

std::map<std::string, Attribute> ImageReader::read_attributes() {
  std::map<std::string, Attribute> attributes;
  for (const std::string& name : attribute_names(file_)) {
    std::optional<Attribute> value = read_attribute(file_, name, false);
    if (!value) throw Failure("the attribute " + name + " is of a type that a checkpoint does not hold");
    attributes.emplace(name, *std::move(value));
  }
  return attributes;
}

}  // namespace shoal::h5
