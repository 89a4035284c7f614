#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/format/source.hpp"

namespace shoal::h5 {

/// Texts of variable length, which lie in collections anywhere in the file (HDF5's global heap).
class TextHeap {
 public:
  explicit TextHeap(Source& source) : source_(source) {}

  /// The text that a reference of 16 bytes leads to; "" for one that leads nowhere. @throws Failure
  std::string read(Fields reference);

 private:
  struct Collection {
    std::vector<std::byte> bytes;
    std::map<std::uint32_t, std::span<const std::byte>> objects;
  };
  const Collection& collection(std::uint64_t address);

  Source& source_;
  std::map<std::uint64_t, Collection> collections_;
};

}  // namespace shoal::h5
