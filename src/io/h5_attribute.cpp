#include <algorithm>

#include "io/h5.hpp"
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

void write_strings(hid_t file, const std::string& name, hid_t space, const std::vector<std::string>& values) {
  std::size_t length = 1;
  for (const std::string& value : values) length = std::max(length, value.size());
  const std::size_t count = values.size();
  if (count > attribute_limit) length = 1;  // refused below whatever its length
  std::string flat(std::min(count * length, attribute_limit + 1), '\0');
  if (count * length <= attribute_limit) {
    for (std::size_t i = 0; i < count; ++i) values[i].copy(flat.data() + i * length, length);
  }
  write_value(file, name, string_type(length), space, count * length, flat.data());
}

std::string text_until_zero(const char* data, std::size_t length, bool space_padded) {
  std::string text(data, std::find(data, data + length, '\0'));
  if (space_padded) text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::vector<std::string> read_fixed_strings(hid_t attribute, hid_t type, std::size_t count) {
  const std::size_t length = H5Tget_size(type);
  std::string flat(count * length, '\0');
  if (count != 0) check_status(H5Aread(attribute, type, flat.data()), "read an attribute");
  std::vector<std::string> texts;
  texts.reserve(count);
  const bool space_padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back(text_until_zero(flat.data() + i * length, length, space_padded));
  }
  return texts;
}

std::vector<std::string> read_variable_strings(hid_t attribute, hid_t space, hid_t type, std::size_t count) {
  // The file's own character set, or HDF5 refuses to convert.
  const Handle memory(H5Tcopy(H5T_C_S1), H5Tclose, "make a string type");
  check_status(H5Tset_size(memory, H5T_VARIABLE), "make a string type");
  check_status(H5Tset_cset(memory, H5Tget_cset(type)), "make a string type");
  std::vector<char*> pointers(count, nullptr);
  if (count != 0) check_status(H5Aread(attribute, memory, pointers.data()), "read an attribute");
  std::vector<std::string> texts;
  texts.reserve(count);
  for (const char* text : pointers) texts.emplace_back(text == nullptr ? "" : text);
  if (count != 0) check_status(H5Dvlen_reclaim(memory, space, H5P_DEFAULT, pointers.data()), "read an attribute");
  return texts;
}

herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* data) {
  static_cast<std::vector<std::string>*>(data)->emplace_back(name);
  return 0;
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

std::optional<Attribute> read_attribute(hid_t file, const std::string& name, std::size_t limit, bool variable_strings) {
  const Handle attribute(H5Aopen(file, name.c_str(), H5P_DEFAULT), H5Aclose, "open an attribute");
  const Handle type(H5Aget_type(attribute), H5Tclose, "read an attribute");
  const Handle space(H5Aget_space(attribute), H5Sclose, "read an attribute");
  const std::vector<std::int64_t> shape = shape_of(space);
  if (shape.size() > 1 || !bytes_within(shape, std::max<std::size_t>(8, H5Tget_size(type)), limit)) return std::nullopt;
  const std::size_t count = shape.empty() ? 1 : static_cast<std::size_t>(shape[0]);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER: {
      std::vector<std::int64_t> values(count);
      if (count != 0) check_status(H5Aread(attribute, H5T_NATIVE_INT64, values.data()), "read an attribute");
      if (shape.empty()) return values[0];
      return values;
    }
    case H5T_FLOAT: {
      if (!shape.empty()) return std::nullopt;
      double value = 0;
      check_status(H5Aread(attribute, H5T_NATIVE_DOUBLE, &value), "read an attribute");
      return value;
    }
    case H5T_STRING: {
      const bool variable = H5Tis_variable_str(type) > 0;
      if (variable && !variable_strings) return std::nullopt;
      std::vector<std::string> texts =
          variable ? read_variable_strings(attribute, space, type, count) : read_fixed_strings(attribute, type, count);
      if (shape.empty()) return texts[0];
      return texts;
    }
    default: return std::nullopt;
  }
}

std::vector<std::string> attribute_names(hid_t file) {
  std::vector<std::string> names;
  hsize_t position = 0;
  check_status(H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_NATIVE, &position, collect_attribute, &names),
               "list the attributes");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace shoal::h5
