#include "io/format/checksum.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "io/failure.hpp"

namespace shoal::h5 {
namespace {

using Words = std::array<std::uint32_t, 3>;

void mix(Words& w) {
  auto& [a, b, c] = w;
  a = (a - c) ^ std::rotl(c, 4), c += b;
  b = (b - a) ^ std::rotl(a, 6), a += c;
  c = (c - b) ^ std::rotl(b, 8), b += a;
  a = (a - c) ^ std::rotl(c, 16), c += b;
  b = (b - a) ^ std::rotl(a, 19), a += c;
  c = (c - b) ^ std::rotl(b, 4), b += a;
}

void finish(Words& w) {
  auto& [a, b, c] = w;
  c = (c ^ b) - std::rotl(b, 14);
  a = (a ^ c) - std::rotl(c, 11);
  b = (b ^ a) - std::rotl(a, 25);
  c = (c ^ b) - std::rotl(b, 16);
  a = (a ^ c) - std::rotl(c, 4);
  b = (b ^ a) - std::rotl(a, 14);
  c = (c ^ b) - std::rotl(b, 24);
}

void add(Words& w, std::span<const std::byte> bytes) {
  Words words{};
  std::memcpy(words.data(), bytes.data(), bytes.size());
  for (std::size_t i = 0; i < words.size(); ++i) w[i] += words[i];
}

}  // namespace

std::uint32_t lookup3(std::span<const std::byte> bytes) {
  const std::uint32_t start = 0xdeadbeefU + static_cast<std::uint32_t>(bytes.size());
  Words w{start, start, start};
  if (bytes.empty()) return start;
  for (; bytes.size() > sizeof w; bytes = bytes.subspan(sizeof w)) {
    add(w, bytes.first(sizeof w));
    mix(w);
  }
  add(w, bytes);
  finish(w);
  return w[2];
}

std::span<const std::byte> verified(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(std::uint32_t)) throw Failure("a part of it ends too soon");
  const std::span<const std::byte> content = bytes.first(bytes.size() - sizeof(std::uint32_t));
  std::uint32_t expected = 0;
  std::memcpy(&expected, bytes.data() + content.size(), sizeof expected);
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION  // a fuzzer would get no further
  if (lookup3(content) != expected) throw Failure("a part of it does not have the checksum that it names");
#endif
  return content;
}

}  // namespace shoal::h5
