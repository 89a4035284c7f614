#include <fmt/format.h>

#include <filesystem>
#include <limits>

#include "io/h5.hpp"
#include "io/posix.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {

struct H5Reader::State {
  std::filesystem::path path;
  std::int64_t file_bytes;
  h5::Handle file;

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ExitStatus::bad_data, path.string() + ": " + what);
  }
  std::optional<H5O_type_t> type_of(const std::string& name) const;
  std::int64_t offset_of(hid_t dataset, const std::string& name, std::int64_t bytes) const;
};

namespace {

h5::Handle open_file(const std::filesystem::path& path, std::int64_t file_bytes) {
  h5::start();
  const h5::Handle access = h5::file_access();
  const bool has_signature = H5Fis_hdf5(path.c_str()) > 0;
  try {
    return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose, "open it"};
  } catch (const h5::Failure& failure) {
    const std::string what = failure.what();
    // HDF5 says "truncated file: eof = ..., stored_eof = 5123".
    const std::string mark = "stored_eof = ";
    if (const auto at = what.find(mark); at != std::string::npos) {
      throw Error(ExitStatus::bad_data, fmt::format("{} is cut short: {} bytes of {}; get or make it again",
                                                    path.string(), file_bytes, what.substr(at + mark.size())));
    }
    if (!has_signature) {
      throw Error(ExitStatus::bad_data,
                  fmt::format("{} is not an HDF5 file; make one with shoal import", path.string()));
    }
    throw Error(ExitStatus::bad_data, fmt::format("{} is damaged: {}", path.string(), what));
  }
}

/// What a data set is that is not contiguous and unfiltered; empty when it is.
std::string odd_storage(hid_t dataset) {
  const h5::Handle list(H5Dget_create_plist(dataset), H5Pclose, "read a layout");
  if (H5Pget_external_count(list) > 0) return "stored in other files";
  switch (H5Pget_layout(list)) {
    case H5D_CONTIGUOUS: return "";
    case H5D_CHUNKED: return H5Pget_nfilters(list) > 0 ? "compressed or filtered" : "chunked";
    case H5D_COMPACT: return "stored compact";
    default: return "virtual";
  }
}

}  // namespace

std::string hdf5_version() {
  const h5::Turn turn;
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

std::int64_t ArrayInfo::row_elements() const {
  std::int64_t elements = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) elements *= shape[i];
  return elements;
}

std::int64_t ArrayInfo::row_bytes() const { return row_elements() * static_cast<std::int64_t>(element_bytes(type)); }

H5Reader::H5Reader(std::filesystem::path path) {
  // Opened by us first: no such file and a file that may not be read have messages and exit statuses of their own.
  const std::int64_t file_bytes = RandomAccessFile(path).size();
  const h5::Turn turn;
  h5::Handle file = open_file(path, file_bytes);
  state_ = std::make_unique<State>(State{std::move(path), file_bytes, std::move(file)});
}

H5Reader::H5Reader(H5Reader&&) noexcept = default;
H5Reader& H5Reader::operator=(H5Reader&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
H5Reader::~H5Reader() {
  const h5::Turn turn;
  state_.reset();
}

const std::filesystem::path& H5Reader::path() const { return state_->path; }

/// Nothing where there is no such object. Asked link by link: only hard ones are followed.
std::optional<H5O_type_t> H5Reader::State::type_of(const std::string& name) const {
  const std::string full = name.empty() || name.front() != '/' ? "/" + name : name;
  for (auto slash = full.find('/', 1);; slash = full.find('/', slash + 1)) {
    const std::string part = full.substr(0, slash);
    if (part != "/") {
      if (H5Lexists(file, part.c_str(), H5P_DEFAULT) <= 0) return std::nullopt;
      H5L_info_t link{};
      h5::check_status(H5Lget_info(file, part.c_str(), &link, H5P_DEFAULT), "read a link");
      if (link.type == H5L_TYPE_EXTERNAL) refuse(name + " lies in another file; copy it into this one");
      if (link.type != H5L_TYPE_HARD) refuse(name + " is a link; put what it leads to in its place");
    }
    if (slash == std::string::npos) break;
  }
  H5O_info_t info{};
  h5::check_status(H5Oget_info_by_name2(file, full.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT), "read an object");
  return info.type;
}

bool H5Reader::contains(const std::string& path) const try {
  const h5::Turn turn;
  return state_->type_of(path).has_value();
} catch (const h5::Failure& failure) {
  state_->refuse(failure.what());
}

bool H5Reader::is_group(const std::string& path) const try {
  const h5::Turn turn;
  return state_->type_of(path) == H5O_TYPE_GROUP;
} catch (const h5::Failure& failure) {
  state_->refuse(failure.what());
}

std::vector<std::string> H5Reader::list(const std::string& group) const try {
  const h5::Turn turn;
  if (state_->type_of(group) != H5O_TYPE_GROUP) state_->refuse("there is no group " + group);
  const std::string name = group.empty() ? "/" : group;
  return h5::link_names(h5::Handle(H5Gopen2(state_->file, name.c_str(), H5P_DEFAULT), H5Gclose, "open a group"));
} catch (const h5::Failure& failure) {
  state_->refuse(failure.what());
}

/// Where a contiguous data set of `bytes` > 0 begins.
std::int64_t H5Reader::State::offset_of(hid_t dataset, const std::string& name, std::int64_t bytes) const {
  const haddr_t offset = H5Dget_offset(dataset);
  if (offset == HADDR_UNDEF) refuse(name + " was never written");
  if (offset > static_cast<haddr_t>(file_bytes) || bytes > file_bytes - static_cast<std::int64_t>(offset)) {
    refuse(fmt::format("is cut short: {} should end at byte {}, the file has {}; get or make it again", name,
                       offset + static_cast<haddr_t>(bytes), file_bytes));
  }
  return static_cast<std::int64_t>(offset);
}

ArrayInfo H5Reader::array(const std::string& path) const try {
  const h5::Turn turn;
  if (state_->type_of(path) != H5O_TYPE_DATASET) state_->refuse("there is no array " + path);
  const h5::Handle dataset(H5Dopen2(state_->file, path.c_str(), H5P_DEFAULT), H5Dclose, "open an array");
  if (const std::string odd = odd_storage(dataset); !odd.empty()) {
    state_->refuse(fmt::format(
        "{} is {}; write it contiguous and unfiltered (in h5py: create_dataset without chunks and compression)", path,
        odd));
  }
  const h5::Handle type(H5Dget_type(dataset), H5Tclose, "read a type");
  const std::optional<ElementType> element = h5::element_type(type);
  if (!element) {
    const bool big =
        (H5Tget_class(type) == H5T_INTEGER || H5Tget_class(type) == H5T_FLOAT) && H5Tget_order(type) == H5T_ORDER_BE;
    state_->refuse(fmt::format("{} {}; write it as little-endian whole numbers, float32 or float64", path,
                               big ? "is big endian" : "has elements of a type that shoal does not read"));
  }
  const h5::Handle space(H5Dget_space(dataset), H5Sclose, "read a shape");
  ArrayInfo info{*element, h5::shape_of(space), 0, 0};
  const auto most = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  const auto bytes = h5::bytes_within(info.shape, element_bytes(*element), most);
  if (!bytes) state_->refuse(path + " is damaged: its shape has more elements than any file");
  info.bytes = static_cast<std::int64_t>(*bytes);
  if (info.bytes != 0) info.offset = state_->offset_of(dataset, path, info.bytes);
  return info;
} catch (const h5::Failure& failure) {
  state_->refuse(failure.what());
}

template <class T>
std::optional<T> H5Reader::attribute(const std::string& name) const try {
  const h5::Turn turn;
  if (h5::check(H5Aexists(state_->file, name.c_str()), "look for an attribute") == 0) return std::nullopt;
  const auto limit = static_cast<std::size_t>(state_->file_bytes);
  const std::optional<Attribute> value = h5::read_attribute(state_->file, name, limit, true);
  if (value) {
    if (const T* found = std::get_if<T>(&*value)) return *found;
    if constexpr (std::is_same_v<T, double>) {
      if (const auto* whole = std::get_if<std::int64_t>(&*value)) return static_cast<double>(*whole);
    }
  }
  state_->refuse("the attribute " + name + " is of another type than shoal writes");
} catch (const h5::Failure& failure) {
  state_->refuse(failure.what());
}

template std::optional<std::int64_t> H5Reader::attribute(const std::string&) const;
template std::optional<double> H5Reader::attribute(const std::string&) const;
template std::optional<std::string> H5Reader::attribute(const std::string&) const;
template std::optional<std::vector<std::int64_t>> H5Reader::attribute(const std::string&) const;
template std::optional<std::vector<std::string>> H5Reader::attribute(const std::string&) const;

std::vector<std::string> H5Reader::attribute_names() const try {
  const h5::Turn turn;
  return h5::attribute_names(state_->file);
} catch (const h5::Failure& failure) {
  state_->refuse(failure.what());
}

}  // namespace shoal
