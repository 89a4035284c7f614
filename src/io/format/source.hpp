#pragma once

// The bytes of an HDF5 file, of which none is believed.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

namespace shoal::h5 {

/// What HDF5 writes where an address leads nowhere.
inline constexpr std::uint64_t no_address = ~std::uint64_t{0};

/// Reads a structure field by field, little endian. @throws Failure when it ends too soon
class Fields {
 public:
  explicit Fields(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> take(std::uint64_t count);
  void skip(std::uint64_t count) { take(count); }
  std::uint64_t number(std::size_t bytes);  ///< bytes: 1 to 8
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  /// Whether the next four bytes are these; passes them.
  bool is(const char (&signature)[5]);
  std::size_t left() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
};

/// A file or image. Each structure is taken once and lies apart from all others, as in every file that HDF5 writes:
/// so there are no cycles, and no more work than bytes. Together, what is taken and what is made of it is limited.
class Source {
 public:
  using Read = std::function<void(std::uint64_t offset, std::span<std::byte> bytes)>;
  static constexpr std::uint64_t most_memory = std::uint64_t{64} << 20;

  /// @param read  fills its span with the bytes from `offset` on; never asked for any beyond `size`
  Source(std::uint64_t size, Read read) : size_(size), read_(std::move(read)) {}

  std::uint64_t size() const { return size_; }
  /// Addresses count from here. 0 at first.
  void set_base(std::uint64_t base) { base_ = base; }
  std::uint64_t base() const { return base_; }

  /// A copy of the bytes [address, address + count), without taking them. @throws Failure beyond the end
  std::vector<std::byte> peek(std::uint64_t address, std::uint64_t count);
  std::vector<std::byte> take(std::uint64_t address, std::uint64_t count);
  /// Takes bytes that are read elsewhere or never. @throws Failure when they are beyond the end, or taken in part
  void claim(std::uint64_t address, std::uint64_t count);
  /// Counts memory. @throws Failure when it is too much
  void charge(std::uint64_t bytes);

 private:
  void check(std::uint64_t address, std::uint64_t count) const;

  std::uint64_t size_;
  Read read_;
  std::uint64_t base_ = 0;
  std::uint64_t charged_ = 0;
  std::map<std::uint64_t, std::uint64_t> taken_;  // begin and end of each
};

}  // namespace shoal::h5
