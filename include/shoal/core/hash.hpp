#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace shoal {

/// XXH3-128 of bytes that arrive in pieces; how they are cut does not matter.
class Hash {
 public:
  Hash();
  Hash(Hash&&) noexcept;
  Hash& operator=(Hash&&) noexcept;
  ~Hash();

  Hash& add(std::span<const std::byte> bytes);
  Hash& add(std::string_view text);  ///< its bytes, without a length
  Hash& add(std::uint64_t number);   ///< 8 bytes, little endian

  /// 32 hex digits, most significant first.
  std::string hex() const;
  /// The first 16 of those digits.
  std::uint64_t number() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// XXH3-64 of some bytes, for tables of them in memory.
std::uint64_t short_hash(std::span<const std::byte> bytes);

}  // namespace shoal
