#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace shoal {

/// The bytes of one array's file, plain or compressed. Reading on is cheap everywhere; going back in what is compressed
/// begins anew.
class ArrayBytes {
 public:
  ArrayBytes() = default;
  ArrayBytes(const ArrayBytes&) = delete;
  ArrayBytes& operator=(const ArrayBytes&) = delete;
  virtual ~ArrayBytes() = default;

  /// Returns how many bytes there were from `offset` on, less than asked for at the end alone.
  /// @throws Error(bad_data) where compressed data is damaged
  virtual std::size_t read(std::int64_t offset, std::span<std::byte> out) = 0;
  virtual std::optional<std::int64_t> size() const = 0;  ///< nothing: not known before the end
  virtual bool is_plain() const = 0;                     ///< reading anywhere is cheap
};

/// A file, plain or compressed by gzip. @throws Error(no_input)
std::unique_ptr<ArrayBytes> open_bytes(const std::string& path);

}  // namespace shoal
