#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/io/posix.hpp"

namespace shoal {

/// A file without a name in the folder of `out`: the system removes it with the process.
/// @throws Error(input_output)
posix::Descriptor nameless_file(const std::string& out);

/// Bytes that are put away while more are read: the first 128 MiB in memory, what follows in a file without a name.
class Spool {
 public:
  explicit Spool(std::string out, std::int64_t most_memory = std::int64_t{128} << 20)
      : out_(std::move(out)), most_memory_(most_memory) {}

  /// Returns where they begin. @throws Error(input_output)  such as for a full disk
  std::int64_t append(std::span<const std::byte> bytes);
  /// Once nothing is appended any more, by any thread.
  void read(std::int64_t offset, std::span<std::byte> bytes) const;

 private:
  std::string out_;
  std::int64_t most_memory_;
  std::vector<std::vector<std::byte>> memory_;  // pieces of equal size
  posix::Descriptor file_;                      // of what is behind memory_
  std::int64_t size_ = 0;
};

}  // namespace shoal
