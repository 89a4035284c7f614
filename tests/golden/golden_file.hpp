// What is in the files of golden runs.
#pragma once

#include <gtest/gtest.h>
#include <hdf5.h>

#include <string>
#include <vector>

namespace shoal {

class GoldenFile {
 public:
  /// @param name  of a file beside this one
  explicit GoldenFile(const std::string& name)
      : file_(H5Fopen((SHOAL_SOURCE_DIR "/tests/golden/" + name).c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)) {}
  GoldenFile(const GoldenFile&) = delete;
  GoldenFile& operator=(const GoldenFile&) = delete;
  ~GoldenFile() { H5Fclose(file_); }

  bool open() const { return file_ >= 0; }
  bool has(const std::string& path) const { return H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0; }
  std::vector<double> numbers(const std::string& path) const {
    const hid_t set = H5Dopen2(file_, path.c_str(), H5P_DEFAULT);
    const hid_t space = H5Dget_space(set);
    std::vector<double> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    EXPECT_GE(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0) << path;
    H5Sclose(space);
    H5Dclose(set);
    return values;
  }
  std::string text(const std::string& path) const {
    const hid_t set = H5Dopen2(file_, path.c_str(), H5P_DEFAULT);
    const hid_t type = H5Dget_type(set);
    std::string value(H5Tget_size(type), '\0');
    EXPECT_GE(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value.data()), 0) << path;
    H5Tclose(type);
    H5Dclose(set);
    return value.substr(0, value.find('\0'));
  }
  std::vector<std::string> cases() const {
    std::vector<std::string> names;
    const hid_t group = H5Gopen2(file_, "cases", H5P_DEFAULT);
    H5Literate(
        group, H5_INDEX_NAME, H5_ITER_INC, nullptr,
        [](hid_t, const char* name, const H5L_info_t*, void* out) {
          static_cast<std::vector<std::string>*>(out)->push_back(name);
          return herr_t{0};
        },
        &names);
    H5Gclose(group);
    return names;
  }

 private:
  hid_t file_;
};

}  // namespace shoal
