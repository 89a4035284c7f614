#pragma once

// The HDF5 C API with owners for its handles and exceptions for its return codes. It writes; format/ reads.

#include <hdf5.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "io/failure.hpp"
#include "shoal/io/element_type.hpp"

namespace shoal::h5 {

/// HDF5 is not made for two threads, and a checkpoint is built by another one than the one that trains: every public
/// function of io that uses HDF5 takes its turn first, and keeps it until the last handle is closed.
class Turn {
 public:
  Turn() : held_(mutex()) {}

 private:
  static std::mutex& mutex();
  std::scoped_lock<std::mutex> held_;
};

/// Returns what is not negative. @throws Failure "cannot <what>: <HDF5's reason>"
hid_t check(hid_t result, const char* what);
void check_status(herr_t status, const char* what);

/// Owns one handle. Move-only.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close close, const char* what) : id_(check(id, what)), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }

  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): handed to the C API everywhere
  /// Closes now, so that a failure is seen. @throws Failure
  void close(const char* what) { check_status(close_(std::exchange(id_, H5I_INVALID_HID)), what); }

 private:
  hid_t id_;
  Close close_;
};

/// Before any other call: no error printing by HDF5, no plug-ins loaded, no clean-up at exit (in 1.10 it crashes once a
/// write to a full disk has failed; every handle here has an owner).
void start();

/// Property lists: no locks of HDF5's own (many file systems of clusters have none), no time stamps.
Handle file_access();
Handle file_creation();
Handle group_creation();
Handle array_creation();  ///< contiguous, its place taken at once, not filled

/// The little-endian type in the file, which is the one in memory too.
hid_t type_id(ElementType type);

Handle simple_space(const std::vector<std::int64_t>& shape);

/// Makes the groups that `path` needs and that are not there.
void make_groups(hid_t file, const std::string& path);

/// A type for strings of `length` bytes (at least 1: HDF5 has none of 0), UTF-8, filled up with zeros.
Handle string_type(std::size_t length);

/// Attributes of the root. Strings are written with fixed length. HDF5 keeps attributes below 64 KiB.
/// @throws Error(bad_data) for more
void write_attribute(hid_t file, const std::string& name, const Attribute& value);

}  // namespace shoal::h5
