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

/// Opens an image (a copy of it) and walks it once. @throws Failure for what a checkpoint does not hold: links other
/// than hard ones, an object linked twice, chunks, filters, external or virtual storage, strings of variable length,
/// types that are not plain, sizes beyond the image.
class ImageReader {
 public:
  explicit ImageReader(std::span<const std::byte> image);

  std::function<void(NamedArray)> on_array;
  std::function<void(const std::string& path, std::string text)> on_text;

  /// Calls on_array and on_text for every member, in an order that the caller must not rely on.
  void read_members();
  std::map<std::string, Attribute> read_attributes();

 private:
  void read_group(hid_t group, const std::string& path);
  void read_array(const std::string& path);
  /// Counts storage against the image, so that arrays that share it cannot ask for more memory than the file has.
  std::size_t claim(const std::vector<std::int64_t>& shape, std::size_t element, const std::string& path);

  std::size_t unclaimed_;
  Handle file_;
  std::set<std::pair<unsigned long, haddr_t>> seen_;
};

}  // namespace shoal::h5
