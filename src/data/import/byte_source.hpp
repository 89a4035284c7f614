#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "shoal/io/posix.hpp"

namespace shoal {

/// The bytes of a file from start to end, decompressed where it is gzip or zstd (told by its first bytes, not by its
/// name).
class ByteSource {
 public:
  /// @throws Error  no_input when there is no such file, input_output when it cannot be read
  explicit ByteSource(const std::string& path);
  /// A file that is open, from its start. @param name  for messages
  ByteSource(posix::Descriptor file, const std::string& name);
  ByteSource(ByteSource&&) noexcept;
  ByteSource& operator=(ByteSource&&) noexcept;
  ~ByteSource();

  /// Reads out.size() bytes, fewer only at the end. @throws Error  bad_data for damaged data, input_output
  std::size_t read(std::span<std::byte> out);
  /// Bytes of the file itself that were read so far.
  std::int64_t consumed() const;

  /// One that bytes are taken from; those of a compressed file take from another.
  class Layer;

 private:
  std::unique_ptr<Layer> top_;
  Layer* file_ = nullptr;
};

}  // namespace shoal
