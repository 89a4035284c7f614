#include "io/hdf5/h5.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace shoal::h5 {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays go to files as they lie in memory");

herr_t keep_innermost(unsigned depth, const H5E_error2_t* entry, void* data) {
  if (depth == 0 && entry->desc != nullptr) *static_cast<std::string*>(data) = entry->desc;
  return 0;
}

/// One line; for a failed system call its text alone, without the time, addresses and the like that HDF5 adds.
std::string innermost_reason() {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &reason);
  H5Eclear2(H5E_DEFAULT);
  const std::string mark = "error message = '";
  if (const auto begin = reason.find(mark); begin != std::string::npos) {
    reason.erase(0, begin + mark.size());
    reason.erase(std::min(reason.find('\''), reason.size()));
  }
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  return reason;
}

[[noreturn]] void throw_failure(const char* what) {
  throw Failure("cannot " + std::string(what) + ": " + innermost_reason());
}

Handle property_list(hid_t type) { return {H5Pcreate(type), H5Pclose, "make a property list"}; }

struct TypePair {
  ElementType type;
  hid_t id;
};

std::array<TypePair, 10> all_types() {
  return {{{ElementType::uint8, H5T_STD_U8LE},
           {ElementType::uint16, H5T_STD_U16LE},
           {ElementType::uint32, H5T_STD_U32LE},
           {ElementType::uint64, H5T_STD_U64LE},
           {ElementType::int8, H5T_STD_I8LE},
           {ElementType::int16, H5T_STD_I16LE},
           {ElementType::int32, H5T_STD_I32LE},
           {ElementType::int64, H5T_STD_I64LE},
           {ElementType::float32, H5T_IEEE_F32LE},
           {ElementType::float64, H5T_IEEE_F64LE}}};
}

}  // namespace

std::mutex& Turn::mutex() {
  static std::mutex one;
  return one;
}

hid_t check(hid_t result, const char* what) {
  if (result < 0) throw_failure(what);
  return result;
}

void check_status(herr_t status, const char* what) {
  if (status < 0) throw_failure(what);
}

void start() {
  static const bool started = [] {
    H5dont_atexit();
    H5open();
    H5PLset_loading_state(0);
    return true;
  }();
  if (started) H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // per thread in some builds
}

Handle file_access() {
  Handle list = property_list(H5P_FILE_ACCESS);
  check_status(H5Pset_file_locking(list, 0, 1), "turn off file locks");
  return list;
}

Handle file_creation() {
  Handle list = property_list(H5P_FILE_CREATE);
  check_status(H5Pset_obj_track_times(list, 0), "turn off time stamps");
  return list;
}

Handle group_creation() {
  Handle list = property_list(H5P_GROUP_CREATE);
  check_status(H5Pset_obj_track_times(list, 0), "turn off time stamps");
  return list;
}

Handle array_creation() {
  Handle list = property_list(H5P_DATASET_CREATE);
  check_status(H5Pset_obj_track_times(list, 0), "turn off time stamps");
  check_status(H5Pset_layout(list, H5D_CONTIGUOUS), "set the layout");
  check_status(H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY), "set the layout");
  check_status(H5Pset_fill_time(list, H5D_FILL_TIME_NEVER), "set the layout");
  return list;
}

hid_t type_id(ElementType type) {
  for (const TypePair& pair : all_types()) {
    if (pair.type == type) return pair.id;
  }
  return H5I_INVALID_HID;
}

Handle simple_space(const std::vector<std::int64_t>& shape) {
  if (shape.empty()) return {H5Screate(H5S_SCALAR), H5Sclose, "make a shape"};
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  return {H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose, "make a shape"};
}

void make_groups(hid_t file, const std::string& path) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string group = path.substr(0, slash);
    if (check(H5Lexists(file, group.c_str(), H5P_DEFAULT), "look for a group") > 0) continue;
    Handle(H5Gcreate2(file, group.c_str(), H5P_DEFAULT, group_creation(), H5P_DEFAULT), H5Gclose, "make a group");
  }
}

Handle string_type(std::size_t length) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a string type");
  check_status(H5Tset_size(type, std::max<std::size_t>(1, length)), "make a string type");
  check_status(H5Tset_strpad(type, H5T_STR_NULLPAD), "make a string type");
  check_status(H5Tset_cset(type, H5T_CSET_UTF8), "make a string type");
  return type;
}

}  // namespace shoal::h5
