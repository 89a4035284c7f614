#include "io/format/source.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cstring>

#include "io/failure.hpp"

namespace shoal::h5 {

std::span<const std::byte> Fields::take(std::uint64_t count) {
  if (count > bytes_.size()) throw Failure("a part of it ends too soon");
  const std::span<const std::byte> taken = bytes_.first(count);
  bytes_ = bytes_.subspan(count);
  return taken;
}

std::uint64_t Fields::number(std::size_t bytes) {
  assert(bytes >= 1 && bytes <= 8);
  std::uint64_t value = 0;  // the host is little endian (h5.cpp asserts it), as the file is
  std::memcpy(&value, take(bytes).data(), bytes);
  return value;
}

bool Fields::is(const char (&signature)[5]) { return std::memcmp(take(4).data(), signature, 4) == 0; }

void Source::check(std::uint64_t address, std::uint64_t count) const {
  const std::uint64_t room = size_ - base_;
  if (address > room || count > room - address) throw Failure("a part of it lies beyond its end");
}

std::vector<std::byte> Source::peek(std::uint64_t address, std::uint64_t count) {
  check(address, count);
  charge(count);
  std::vector<std::byte> bytes(count);
  read_(base_ + address, bytes);
  return bytes;
}

std::vector<std::byte> Source::take(std::uint64_t address, std::uint64_t count) {
  claim(address, count);
  return peek(address, count);
}

void Source::claim(std::uint64_t address, std::uint64_t count) {
  check(address, count);
  if (count == 0) return;
  const auto after = taken_.lower_bound(address);
  const bool into_next = after != taken_.end() && after->first < address + count;
  const bool in_previous = after != taken_.begin() && std::prev(after)->second > address;
  if (into_next || in_previous) throw Failure(fmt::format("two parts of it share byte {}", base_ + address));
  taken_.emplace_hint(after, address, address + count);
}

void Source::charge(std::uint64_t bytes) {
  if (bytes > most_memory - charged_) {
    throw Failure(fmt::format("what describes its content takes more than {} MiB", most_memory >> 20));
  }
  charged_ += bytes;
}

}  // namespace shoal::h5
