#pragma once

// The content of a checkpoint's HDF5 image, taken with care: a file may be sound by its hash and still not be ours.

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/h5.hpp"
#include "shoal/io/archive.hpp"

namespace shoal::h5 {

/// An array where it lies in an image.
struct ArrayView {
  ElementType type;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;
};

/// Opens an image, which must outlive this, and walks it once. HDF5 reads what describes arrays and texts; their bytes
/// are taken from the image, so that no conversion, filter or driver of HDF5 touches them. @throws Failure for what a
/// checkpoint does not hold: links other than hard ones, an object linked twice, storage that is not contiguous,
/// filters, external or virtual storage, strings of variable length, committed types and those that are not plain,
/// sizes beyond the image.
class ImageReader {
 public:
  explicit ImageReader(std::span<const std::byte> image);

  std::function<void(const std::string& path, const ArrayView&)> on_array;
  std::function<void(const std::string& path, std::string text)> on_text;

  /// Calls on_array and on_text for every member, in an order that the caller must not rely on.
  void read_members();
  std::map<std::string, Attribute> read_attributes();

 private:
  void read_group(hid_t group, const std::string& path);
  void read_array(const std::string& path);
  std::span<const std::byte> storage(hid_t dataset, const std::vector<std::int64_t>& shape, std::size_t element,
                                     const std::string& path);

  std::span<const std::byte> image_;
  std::size_t unclaimed_;  // arrays that share storage cannot ask for more memory than the file has
  Handle file_;
  std::set<std::pair<unsigned long, haddr_t>> seen_;
};

}  // namespace shoal::h5
