#include "io/format/text_heap.hpp"

#include <algorithm>

#include "io/failure.hpp"

namespace shoal::h5 {

std::string TextHeap::read(Fields reference) {
  const std::uint64_t length = reference.u32();
  const std::uint64_t address = reference.u64();
  const std::uint32_t number = reference.u32();
  if (length == 0 || address == 0 || address == no_address) return "";
  const auto& objects = collection(address).objects;
  const auto found = objects.find(number);
  if (found == objects.end() || length > found->second.size()) throw Failure("a text is not where an attribute says");
  const std::span<const std::byte> bytes = found->second.first(length);
  source_.charge(length + sizeof(std::string));
  return {reinterpret_cast<const char*>(bytes.data()),
          static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), std::byte{0}) - bytes.begin())};
}

const TextHeap::Collection& TextHeap::collection(std::uint64_t address) {
  const auto [found, is_new] = collections_.try_emplace(address);
  Collection& collection = found->second;
  if (!is_new) return collection;
  constexpr std::uint64_t header_bytes = 16;
  const std::vector<std::byte> begin = source_.take(address, header_bytes);
  Fields header(begin);
  if (!header.is("GCOL") || header.u8() != 1) throw Failure("texts are not where an attribute says");
  header.skip(3);  // reserved
  const std::uint64_t bytes = header.u64();
  if (bytes < header_bytes) throw Failure("a collection of texts is too short");
  collection.bytes = source_.take(address + header_bytes, bytes - header_bytes);
  Fields rest(collection.bytes);
  while (rest.left() >= header_bytes) {
    const std::uint16_t number = rest.u16();
    if (number == 0) break;  // free space, to the end
    rest.skip(6);            // reference count, reserved
    const std::uint64_t size = rest.u64();
    constexpr std::uint64_t alignment = 8;
    const std::span<const std::byte> object = rest.take(size);
    rest.skip(std::min<std::uint64_t>(rest.left(), (alignment - size % alignment) % alignment));
    source_.charge(sizeof(std::pair<std::uint16_t, std::span<const std::byte>>));
    if (!collection.objects.emplace(number, object).second) throw Failure("two texts have one number");
  }
  return collection;
}

}  // namespace shoal::h5
