#include "io/hdf5/array_description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "io/bytes_within.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal::h5 {
namespace {

Handle type_of(hid_t array) { return {H5Dget_type(array), H5Tclose, "read an element type"}; }
Handle creation_of(hid_t array) { return {H5Dget_create_plist(array), H5Pclose, "read how an array is laid out"}; }

herr_t refuse_external(const char* /*parent*/, const char* /*name*/, const char* /*file*/, const char* /*object*/,
                       unsigned* /*flags*/, hid_t /*access*/, void* seen) {
  *static_cast<bool*>(seen) = true;
  return -1;
}

[[noreturn]] void refuse(const std::string& what, const std::string& remedy) { throw Foreign(what, remedy); }

bool is_half(hid_t type) {
  std::array<std::size_t, 5> fields{};  // places of sign, exponent, its bits, fraction, its bits
  if (H5Tget_size(type) != 2) return false;
  check_status(H5Tget_fields(type, &fields[0], &fields[1], &fields[2], &fields[3], &fields[4]), "read a float type");
  return fields == std::array<std::size_t, 5>{15, 10, 5, 0, 10} && H5Tget_ebias(type) == 15;
}

ElementType integer_type(hid_t type) {
  const std::size_t bytes = H5Tget_size(type);
  const bool is_signed = H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
  if (bytes <= 1) return is_signed ? ElementType::int8 : ElementType::uint8;
  if (bytes <= 2) return is_signed ? ElementType::int16 : ElementType::uint16;
  if (bytes <= 4) return is_signed ? ElementType::int32 : ElementType::uint32;
  if (bytes <= 8) return is_signed ? ElementType::int64 : ElementType::uint64;
  refuse(fmt::format("whole numbers of {} bytes", bytes), "save them as int64 or float64");
}

ElementType float_type(hid_t type) {
  if (is_half(type)) return ElementType::float32;
  std::array<std::size_t, 5> fields{};
  check_status(H5Tget_fields(type, &fields[0], &fields[1], &fields[2], &fields[3], &fields[4]), "read a float type");
  if (fields[2] <= 8 && fields[4] <= 23) return ElementType::float32;
  if (fields[2] <= 11 && fields[4] <= 52) return ElementType::float64;
  refuse("floats that float64 cannot hold", "save them as float64");
}

/// A boolean of h5py is an enumeration of int8: FALSE = 0 and TRUE = 1.
bool is_boolean(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2) return false;
  std::array<std::uint8_t, 2> values{};
  for (unsigned m = 0; m < values.size(); ++m)
    check_status(H5Tget_member_value(type, m, &values[m]), "read an element type");
  return std::ranges::max(values) == 1;
}

ElementType element_of(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER: return integer_type(type);
    case H5T_FLOAT: return float_type(type);
    case H5T_BITFIELD: return integer_type(type);
    case H5T_ENUM: {
      if (is_boolean(type)) return ElementType::uint8;
      const Handle base(H5Tget_super(type), H5Tclose, "read an element type");
      return integer_type(base);
    }
    case H5T_STRING: refuse("an array of texts", "save what they stand for as numbers");
    case H5T_COMPOUND: refuse("an array of records", "save each of their columns as an array");
    default: refuse("an array of no plain numbers", "save it as an array of numbers");
  }
}

/// HDF5 makes the nearest of a number that the type does not hold: 0 of -999 for unsigned ones, which is another value.
void refuse_clipped(hid_t attribute, const char* name, std::span<const std::byte> values, ElementType type) {
  const std::size_t count = values.size() / element_bytes(type);
  std::vector<double> told(count);
  std::vector<double> taken(count);
  check_status(H5Aread(attribute, H5T_NATIVE_DOUBLE, told.data()), "read an attribute");
  std::memcpy(taken.data(), values.data(), values.size());
  check_status(H5Tconvert(type_id(type), H5T_NATIVE_DOUBLE, count, taken.data(), nullptr, H5P_DEFAULT),
               "read an attribute");
  for (std::size_t i = 0; i < count; ++i) {
    const bool near = std::isfinite(told[i]) == std::isfinite(taken[i]) && (told[i] == 0.0) == (taken[i] == 0.0);
    const bool same = is_floating(type) ? near : told[i] == taken[i];
    if (!same)
      refuse(fmt::format("the attribute {} is {}, which {} does not hold", name, told[i], element_name(type)),
             "correct or remove it");
  }
}

/// The numbers of an attribute as elements of `type`. Nothing when there is none.
std::optional<std::vector<std::byte>> numbers(hid_t array, const char* name, ElementType type) {
  if (check(H5Aexists(array, name), "look for an attribute") == 0) return std::nullopt;
  const Handle attribute(H5Aopen(array, name, H5P_DEFAULT), H5Aclose, "open an attribute");
  const Handle stored(H5Aget_type(attribute), H5Tclose, "read an attribute");
  const H5T_class_t kind = H5Tget_class(stored);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT)
    refuse(fmt::format("the attribute {} is no number", name), "correct or remove it");
  const Handle space(H5Aget_space(attribute), H5Sclose, "read an attribute");
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count < 1 || count > 1000) refuse(fmt::format("the attribute {} holds {} numbers", name, count), "correct it");
  std::vector<std::byte> values(static_cast<std::size_t>(count) * element_bytes(type));
  check_status(H5Aread(attribute, type_id(type), values.data()), "read an attribute");
  refuse_clipped(attribute, name, values, type);
  return values;
}

/// An attribute that must be so many numbers. Nothing when there is none.
template <std::size_t count>
std::optional<std::array<double, count>> numbers_of(hid_t array, const char* name) {
  const std::optional<std::vector<std::byte>> bytes = numbers(array, name, ElementType::float64);
  if (!bytes) return std::nullopt;
  std::array<double, count> values{};
  if (bytes->size() != sizeof values)
    refuse(fmt::format("the attribute {} holds {}, and is to hold {}", name,
                       counted(static_cast<std::int64_t>(bytes->size() / sizeof(double)), "number"), count),
           "correct or remove it");
  std::memcpy(values.data(), bytes->data(), sizeof values);
  return values;
}

std::optional<double> number(hid_t array, const char* name) {
  const auto values = numbers_of<1>(array, name);
  return values ? std::optional((*values)[0]) : std::nullopt;
}

/// The text of an attribute; empty where there is none, or it is no single text.
std::string attribute_text(hid_t array, const char* name) {
  if (check(H5Aexists(array, name), "look for an attribute") == 0) return "";
  const Handle attribute(H5Aopen(array, name, H5P_DEFAULT), H5Aclose, "open an attribute");
  const Handle stored(H5Aget_type(attribute), H5Tclose, "read an attribute");
  const Handle space(H5Aget_space(attribute), H5Sclose, "read an attribute");
  if (H5Tget_class(stored) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) return "";
  if (check(H5Tis_variable_str(stored), "read an attribute") == 0) {
    std::string value(H5Tget_size(stored), '\0');
    check_status(H5Aread(attribute, stored, value.data()), "read an attribute");
    return value.substr(0, value.find('\0'));
  }
  char* value = nullptr;
  check_status(H5Aread(attribute, stored, static_cast<void*>(&value)), "read an attribute");
  const std::unique_ptr<char, decltype(&H5free_memory)> owner(value, H5free_memory);
  return value == nullptr ? "" : value;
}

bool is_netcdf(hid_t file, hid_t array) {
  for (const char* name : {"DIMENSION_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates"}) {
    if (H5Aexists(array, name) > 0) return true;
  }
  return H5Aexists(file, "_NCProperties") > 0;
}

template <class T>
void append(std::vector<std::byte>& values, T value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  values.insert(values.end(), bytes.begin(), bytes.end());
}

/// What netCDF writes where nobody wrote. Bytes have none: all of their values are used.
/// Source: netCDF-4, netcdf.h, NC_FILL_*.
void add_netcdf_fill(std::vector<std::byte>& missing, ElementType type) {
  switch (type) {
    case ElementType::int16: return append(missing, std::int16_t{-32767});
    case ElementType::uint16: return append(missing, std::uint16_t{65535});
    case ElementType::int32: return append(missing, std::int32_t{-2147483647});
    case ElementType::uint32: return append(missing, std::uint32_t{4294967295U});
    case ElementType::int64: return append(missing, std::int64_t{-9223372036854775806});
    case ElementType::uint64: return append(missing, std::uint64_t{18446744073709551614U});
    case ElementType::float32: return append(missing, 9.9692099683868690e+36F);
    case ElementType::float64: return append(missing, 9.9692099683868690e+36);
    default: return;
  }
}

/// Limits of floating type for packed numbers of a narrower one mean what these stand for.
/// Source: NetCDF Users Guide, Attribute Conventions, valid_range.
bool limits_unpacked(hid_t array, const char* limit, const StoredArray& info) {
  if (!info.packing || info.packing->scale == 0.0 || check(H5Aexists(array, limit), "look for an attribute") == 0)
    return false;
  const Handle attribute(H5Aopen(array, limit, H5P_DEFAULT), H5Aclose, "open an attribute");
  const Handle type(H5Aget_type(attribute), H5Tclose, "read an attribute");
  return H5Tget_class(type) == H5T_FLOAT &&
         (!is_floating(info.type) || element_bytes(element_of(type)) > element_bytes(info.type));
}

/// The packed number that stands for a value; of whole numbers the one that is meant.
std::optional<double> packed(std::optional<double> value, const StoredArray& info) {
  if (!value) return value;
  const double exact = (*value - info.packing->offset) / info.packing->scale;
  const double whole = std::round(exact);
  const bool is_meant = !is_floating(info.type) && std::fabs(exact - whole) <= 1e-6 * std::max(1.0, std::fabs(whole));
  return is_meant ? whole : exact;
}

void read_limits(hid_t array, StoredArray& info) {
  const auto range = numbers_of<2>(array, "valid_range");
  info.least = range ? std::optional((*range)[0]) : number(array, "valid_min");
  info.greatest = range ? std::optional((*range)[1]) : number(array, "valid_max");
  if (!limits_unpacked(array, range ? "valid_range" : info.least ? "valid_min" : "valid_max", info)) return;
  info.least = packed(info.least, info);
  info.greatest = packed(info.greatest, info);
  if (info.packing->scale < 0.0) std::swap(info.least, info.greatest);
}

void read_conventions(hid_t file, hid_t array, StoredArray& info) {
  if (H5Aexists(array, "_Unsigned") > 0) refuse("the attribute _Unsigned", "save the numbers in an unsigned type");
  std::optional<std::vector<std::byte>> fill = numbers(array, "_FillValue", info.type);
  if (fill) info.missing = std::move(*fill);
  if (!fill && is_netcdf(file, array)) add_netcdf_fill(info.missing, info.type);
  if (const auto more = numbers(array, "missing_value", info.type))
    info.missing.insert(info.missing.end(), more->begin(), more->end());
  const std::optional<double> scale = number(array, "scale_factor");
  const std::optional<double> offset = number(array, "add_offset");
  if (scale || offset) info.packing = {scale.value_or(1.0), offset.value_or(0.0)};
  read_limits(array, info);
  info.units = attribute_text(array, "units");
}

std::vector<std::int64_t> shape_of(hid_t array) {
  const Handle space(H5Dget_space(array), H5Sclose, "read a shape");
  const int rank = H5Sget_simple_extent_ndims(space);
  if (H5Sget_simple_extent_type(space) != H5S_SIMPLE || rank < 1)
    refuse("no array, but one number or nothing", "give one whose first dimension counts the rows");
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space, extents.data(), nullptr), "read a shape");
  std::vector<std::int64_t> shape;
  std::int64_t elements = 16;  // room for the largest element
  for (const hsize_t extent : extents) {
    const bool fits = extent <= static_cast<hsize_t>(std::numeric_limits<std::int64_t>::max());
    if (!fits || __builtin_mul_overflow(elements, static_cast<std::int64_t>(extent), &elements))
      refuse(fmt::format("a dimension of {} elements", extent), "give an array of which a row fits in memory");
    shape.push_back(static_cast<std::int64_t>(extent));
  }
  return shape;
}

}  // namespace

Handle open_array(hid_t file, const std::string& path) {
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose, "make a property list");
  bool external = false;
  check_status(H5Pset_elink_cb(access, refuse_external, &external), "make a property list");
  const hid_t object = path.empty() ? H5I_INVALID_HID : H5Oopen(file, path.c_str(), access);
  if (external) refuse("it is kept in another file", "give that file");
  if (object < 0) {
    H5L_info_t link;
    const bool there =
        !path.empty() && H5Lget_info(file, path.c_str(), &link, H5P_DEFAULT) >= 0 && link.type == H5L_TYPE_HARD;
    H5Eclear2(H5E_DEFAULT);
    if (there)
      refuse(fmt::format("an array that HDF5 {} cannot open: damaged, or written as a later version has it",
                         hdf5_version()),
             "write it for earlier ones (h5py: libver=\"v108\"; h5repack -h)");
    throw Failure("no such array; h5ls -r lists what a file holds");
  }
  Handle array(object, H5Oclose, "open an array");
  if (H5Iget_type(array) != H5I_DATASET) refuse("no array but a group", "give one of the arrays in it");
  if (attribute_text(array, "NAME").starts_with("This is a netCDF dimension but not a netCDF variable"))
    refuse("a dimension of netCDF without values of its own", "give one of the variables");
  return array;
}

StoredForm stored_form(hid_t array) {
  const Handle type = type_of(array);
  const H5T_class_t kind = H5Tget_class(type);
  const bool swapped = H5Tget_order(type) == H5T_ORDER_BE;
  if (kind == H5T_FLOAT) {
    if (is_half(type)) return {2, swapped, true};
    for (const hid_t known : {H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE}) {
      if (H5Tequal(type, known) > 0) return {H5Tget_size(type), swapped, false};
    }
    return {};
  }
  const std::size_t bytes = H5Tget_size(type);
  if (kind == H5T_ENUM) return is_boolean(type) ? StoredForm{1, false, false} : StoredForm{};
  const bool whole = H5Tget_offset(type) == 0 && H5Tget_precision(type) == 8 * bytes;
  if (!whole || (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)) return {};
  return {bytes, swapped, false};
}

StoredArray describe(hid_t file, hid_t array) {
  const Handle creation = creation_of(array);
  if (H5Pget_external_count(creation) > 0 || H5Pget_layout(creation) == H5D_VIRTUAL)
    refuse("its numbers lie in other files", "copy it into one file, with h5repack or h5py");
  StoredArray info;
  info.type = element_of(type_of(array));
  info.shape = shape_of(array);
  read_conventions(file, array, info);
  return info;
}

Chunking chunking_of(hid_t array, const StoredArray& info) {
  const Handle creation = creation_of(array);
  if (H5Pget_layout(creation) != H5D_CHUNKED) return {};
  std::vector<hsize_t> extents(info.shape.size());
  check(H5Pget_chunk(creation, static_cast<int>(extents.size()), extents.data()), "read the shape of chunks");
  Chunking chunking;
  const int filters = H5Pget_nfilters(creation);
  for (int f = 0; f < filters; ++f) {
    unsigned flags = 0;
    std::size_t values = 4;
    std::array<unsigned, 4> value{};
    std::array<char, 64> name{};
    unsigned config = 0;
    const H5Z_filter_t filter = H5Pget_filter2(creation, static_cast<unsigned>(f), &flags, &values, value.data(),
                                               name.size(), name.data(), &config);
    check(filter, "read the filters of chunks");
    if (filter == H5Z_FILTER_DEFLATE) {
      chunking.filters.push_back({ChunkFilter::Kind::deflate});
    } else if (filter == H5Z_FILTER_SHUFFLE) {
      chunking.filters.push_back({ChunkFilter::Kind::shuffle, values > 0 ? value[0] : 1});
    } else if (filter == H5Z_FILTER_FLETCHER32) {
      chunking.filters.push_back({ChunkFilter::Kind::fletcher32});
    } else if (H5Zfilter_avail(filter) > 0) {
      return {};
    } else {
      refuse(fmt::format("its chunks went through the filter {} ({})", static_cast<int>(filter), name.data()),
             "write it with gzip, by h5repack -f GZIP=4 or h5py");
    }
  }
  chunking.shape.assign(extents.begin(), extents.end());
  return chunking;
}

}  // namespace shoal::h5
