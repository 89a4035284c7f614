#include "shoal/io/element_type.hpp"

#include <cassert>

namespace shoal {

std::size_t element_bytes(ElementType type) {
  switch (type) {
    case ElementType::uint8:
    case ElementType::int8: return 1;
    case ElementType::uint16:
    case ElementType::int16: return 2;
    case ElementType::uint32:
    case ElementType::int32:
    case ElementType::float32: return 4;
    case ElementType::uint64:
    case ElementType::int64:
    case ElementType::float64: return 8;
  }
  assert(false);
  return 0;
}

std::string_view element_name(ElementType type) {
  switch (type) {
    case ElementType::uint8: return "uint8";
    case ElementType::uint16: return "uint16";
    case ElementType::uint32: return "uint32";
    case ElementType::uint64: return "uint64";
    case ElementType::int8: return "int8";
    case ElementType::int16: return "int16";
    case ElementType::int32: return "int32";
    case ElementType::int64: return "int64";
    case ElementType::float32: return "float32";
    case ElementType::float64: return "float64";
  }
  assert(false);
  return "";
}

}  // namespace shoal
