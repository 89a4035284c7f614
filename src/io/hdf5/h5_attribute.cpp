#include <algorithm>

#include "io/hdf5/h5.hpp"
#include "shoal/core/error.hpp"

namespace shoal::h5 {
namespace {

constexpr std::size_t attribute_limit = 64000;  // HDF5's own is 64 KiB less the message around the value

void write_value(hid_t file, const std::string& name, hid_t type, hid_t space, std::size_t bytes, const void* data) {
  if (bytes > attribute_limit) {
    throw Error(ExitStatus::bad_data, "the attribute " + name + " takes " + std::to_string(bytes) +
                                          " bytes, HDF5 keeps at most " + std::to_string(attribute_limit) +
                                          "; shorten it");
  }
  const Handle attribute(H5Acreate2(file, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                         "make an attribute");
  if (bytes != 0) check_status(H5Awrite(attribute, type, data), "write an attribute");
}

std::size_t longest_of(const std::vector<std::string>& texts) {
  std::size_t length = 1;
  for (const std::string& text : texts) length = std::max(length, text.size());
  return length;
}

void write_strings(hid_t file, const std::string& name, hid_t space, const std::vector<std::string>& values) {
  std::size_t length = longest_of(values);
  const std::size_t count = values.size();
  if (count > attribute_limit) length = 1;  // refused below whatever its length
  std::string flat(std::min(count * length, attribute_limit + 1), '\0');
  if (count * length <= attribute_limit) {
    for (std::size_t i = 0; i < count; ++i) values[i].copy(flat.data() + i * length, length);
  }
  write_value(file, name, string_type(length), space, count * length, flat.data());
}

}  // namespace

void write_attribute(hid_t file, const std::string& name, const Attribute& value) {
  if (check(H5Aexists(file, name.c_str()), "look for an attribute") > 0) {
    check_status(H5Adelete(file, name.c_str()), "replace an attribute");
  }
  const Handle scalar = simple_space({});
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    write_value(file, name, H5T_STD_I64LE, scalar, sizeof *whole, whole);
  } else if (const auto* real = std::get_if<double>(&value)) {
    write_value(file, name, H5T_IEEE_F64LE, scalar, sizeof *real, real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    write_strings(file, name, scalar, {*text});
  } else if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
    const Handle space = simple_space({static_cast<std::int64_t>(list->size())});
    write_value(file, name, H5T_STD_I64LE, space, list->size() * sizeof(std::int64_t), list->data());
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    write_strings(file, name, simple_space({static_cast<std::int64_t>(texts->size())}), *texts);
  }
}

}  // namespace shoal::h5

namespace shoal {

bool fits_attribute(const std::vector<std::string>& texts) {
  return texts.size() <= h5::attribute_limit / h5::longest_of(texts);
}

}  // namespace shoal
