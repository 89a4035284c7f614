#include "shoal/io/stored_array.hpp"

#include <cstring>

#include "shoal/core/half.hpp"

namespace shoal {
namespace {

template <class T>
void swap_into(const std::byte* in, std::byte* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, in + i * sizeof value, sizeof value);
    if constexpr (sizeof value == 2) value = __builtin_bswap16(value);
    if constexpr (sizeof value == 4) value = __builtin_bswap32(value);
    if constexpr (sizeof value == 8) value = __builtin_bswap64(value);
    std::memcpy(out + i * sizeof value, &value, sizeof value);
  }
}

void halves_into(const std::byte* in, std::byte* out, std::size_t count, bool swapped) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, in + i * sizeof bits, sizeof bits);
    const float value = half_value(swapped ? __builtin_bswap16(bits) : bits);
    std::memcpy(out + i * sizeof value, &value, sizeof value);
  }
}

}  // namespace

void convert_stored(const StoredForm& form, const std::byte* in, std::byte* out, std::size_t count) {
  if (form.half) return halves_into(in, out, count, form.swapped);
  if (!form.swapped || form.bytes == 1) {
    std::memcpy(out, in, count * form.bytes);
  } else if (form.bytes == 2) {
    swap_into<std::uint16_t>(in, out, count);
  } else if (form.bytes == 4) {
    swap_into<std::uint32_t>(in, out, count);
  } else {
    swap_into<std::uint64_t>(in, out, count);
  }
}

std::int64_t StoredArray::row_elements() const {
  std::int64_t elements = 1;
  for (std::size_t d = 1; d < shape.size(); ++d) elements *= shape[d];
  return elements;
}

}  // namespace shoal
