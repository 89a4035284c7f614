#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <map>

#include "io/hdf5/h5.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/posix.hpp"

namespace shoal {

std::string hdf5_version() {
  const h5::Turn turn;
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

// HDF5 writes the little that describes the arrays; rows are written past it, at the offsets that it gave out. Its own
// writes of rows to a full disk can fail without a return code that says so.
struct H5Writer::State {
  explicit State(std::filesystem::path place);

  std::filesystem::path path;
  posix::TemporaryFile temporary;
  posix::Descriptor descriptor;
  h5::Handle file;

  struct Array {
    ArrayInfo info;
    std::int64_t rows_written = 0;
  };
  std::map<std::string, Array> arrays;

  void take_space(const ArrayInfo& info) const;
  [[noreturn]] void fail(const h5::Failure& failure) const {
    throw Error(ExitStatus::input_output, fmt::format("cannot write {}: {}", path.string(), failure.what()));
  }
};

namespace {

posix::Descriptor make_file(const posix::TemporaryFile& temporary, const std::filesystem::path& place) {
  posix::Descriptor file = posix::open(temporary.path(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file) posix::fail("write", place, errno);
  return file;
}

h5::Handle make_h5(const posix::TemporaryFile& temporary) {
  h5::start();
  return {H5Fcreate(temporary.path().c_str(), H5F_ACC_TRUNC, h5::file_creation(), h5::file_access()), H5Fclose,
          "make the file"};
}

}  // namespace

H5Writer::State::State(std::filesystem::path place)
    : path(std::move(place)),
      temporary(posix::temporary_name(path)),
      descriptor(make_file(temporary, path)),
      file(make_h5(temporary)) {}

void H5Writer::State::take_space(const ArrayInfo& info) const {
  int error = 0;
  do {
    error = ::posix_fallocate(descriptor.get(), info.offset, info.bytes);
  } while (error == EINTR);
  // A file system that cannot says so; then a full disk shows when the rows are written.
  if (error != 0 && error != EINVAL && error != EOPNOTSUPP) posix::fail("write", path, error, info.bytes);
}

H5Writer::H5Writer(const std::filesystem::path& path) {
  const h5::Turn turn;
  try {
    state_ = std::make_unique<State>(path);
  } catch (const h5::Failure& failure) {
    throw Error(ExitStatus::input_output, fmt::format("cannot write {}: {}", path.string(), failure.what()));
  }
}

H5Writer::H5Writer(H5Writer&&) noexcept = default;
H5Writer& H5Writer::operator=(H5Writer&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
H5Writer::~H5Writer() {
  const h5::Turn turn;
  state_.reset();
}

void H5Writer::create_array(const std::string& path, ElementType type, const std::vector<std::int64_t>& shape) try {
  const h5::Turn turn;
  h5::make_groups(state_->file, path);
  const h5::Handle dataset(H5Dcreate2(state_->file, path.c_str(), h5::type_id(type), h5::simple_space(shape),
                                      H5P_DEFAULT, h5::array_creation(), H5P_DEFAULT),
                           H5Dclose, "make an array");
  ArrayInfo info{type, shape, 0, 0};
  info.bytes = info.rows() * info.row_bytes();
  if (info.bytes != 0) {
    const haddr_t offset = H5Dget_offset(dataset);
    if (offset == HADDR_UNDEF) throw h5::Failure("HDF5 gave " + path + " no place in the file");
    info.offset = static_cast<std::int64_t>(offset);
    state_->take_space(info);
  }
  state_->arrays[path] = {info, 0};
} catch (const h5::Failure& failure) {
  state_->fail(failure);
}

void H5Writer::write_rows(const std::string& path, std::int64_t first_row, std::span<const std::byte> rows) {
  State::Array& array = state_->arrays.at(path);
  if (rows.empty()) return;
  const std::int64_t row_bytes = array.info.row_bytes();
  const auto bytes = static_cast<std::int64_t>(rows.size());
  assert(bytes % row_bytes == 0 && first_row >= 0 && first_row * row_bytes + bytes <= array.info.bytes);
  const int error = posix::write_all(state_->descriptor.get(), rows, array.info.offset + first_row * row_bytes);
  if (error != 0) posix::fail("write", state_->path, error, bytes);
  // The disk begins at once, so that finish() waits less; where that is refused, nothing is lost.
  ::sync_file_range(state_->descriptor.get(), array.info.offset + first_row * row_bytes, bytes, SYNC_FILE_RANGE_WRITE);
  std::atomic_ref(array.rows_written) += bytes / row_bytes;
}

void H5Writer::set_attribute(const std::string& name, const Attribute& value) try {
  const h5::Turn turn;
  h5::write_attribute(state_->file, name, value);
} catch (const h5::Failure& failure) {
  state_->fail(failure);
}

void H5Writer::finish() try {
  const h5::Turn turn;
  for ([[maybe_unused]] const auto& [path, array] : state_->arrays) {
    assert(array.info.bytes == 0 || array.rows_written >= array.info.rows());
  }
  h5::check_status(H5Fflush(state_->file, H5F_SCOPE_GLOBAL), "finish the file");
  state_->file.close("close the file");
  int error = posix::sync(state_->descriptor.get());
  if (error == 0) error = posix::close(std::move(state_->descriptor));
  if (error != 0) posix::fail("write", state_->path, error);
  state_->temporary.move_to(state_->path);
} catch (const h5::Failure& failure) {
  state_->fail(failure);
}

}  // namespace shoal
