#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace shoal {

/// What an array in a file is made of. Always little endian in files.
enum class ElementType { uint8, uint16, uint32, uint64, int8, int16, int32, int64, float32, float64 };

std::size_t element_bytes(ElementType type);
/// "uint8", "float32", ... as NumPy says it.
std::string_view element_name(ElementType type);
inline bool is_floating(ElementType type) { return type == ElementType::float32 || type == ElementType::float64; }

/// The ElementType of a C++ type; does not compile for any other.
template <class T>
constexpr ElementType element_type_of() {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return ElementType::uint8;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return ElementType::uint16;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return ElementType::uint32;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return ElementType::uint64;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return ElementType::int8;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return ElementType::int16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return ElementType::int32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return ElementType::int64;
  else if constexpr (std::is_same_v<T, float>)
    return ElementType::float32;
  else {
    static_assert(std::is_same_v<T, double>, "not an element of an array in a file");
    return ElementType::float64;
  }
}

/// The value of an attribute of a file's root. One-dimensional arrays are vectors.
using Attribute = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<std::string>>;

/// Whether HDF5 can keep these texts as an attribute: 64,000 bytes at most, each text as long as the longest.
bool fits_attribute(const std::vector<std::string>& texts);

}  // namespace shoal
