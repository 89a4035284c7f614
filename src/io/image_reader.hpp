#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "shoal/io/element_type.hpp"

namespace shoal::h5 {

/// An array where it lies in an image.
struct ArrayView {
  ElementType type;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;
};

struct Image {
  std::map<std::string, ArrayView> arrays;
  std::map<std::string, std::string> texts;
  std::map<std::string, Attribute> attributes;
};

/// The content of a checkpoint's HDF5 image, taken with care: a file may be sound by its hash and still not be ours.
/// @throws Failure for what a checkpoint does not hold, see format/contents.hpp: there must be nothing else in it
Image read_image(std::span<const std::byte> bytes);

}  // namespace shoal::h5
