#include "io/format/messages.hpp"

#include <fmt/format.h>

#include <limits>

#include "io/failure.hpp"
#include "io/format/remedies.hpp"

namespace shoal::h5 {
namespace {

[[noreturn]] void refuse_version(const char* what, unsigned version) {
  throw Foreign(fmt::format("has a {} of the unknown version {}", what, version), remedy::default_settings);
}

std::optional<ElementType> integer(std::uint32_t bytes, bool is_signed) {
  switch (bytes) {
    case 1: return is_signed ? ElementType::int8 : ElementType::uint8;
    case 2: return is_signed ? ElementType::int16 : ElementType::uint16;
    case 4: return is_signed ? ElementType::int32 : ElementType::uint32;
    case 8: return is_signed ? ElementType::int64 : ElementType::uint64;
    default: return std::nullopt;
  }
}

void finish_integer(Type& type, unsigned bits, Fields rest) {
  constexpr unsigned big_endian = 1;
  constexpr unsigned is_signed = 8;
  const unsigned first_bit = rest.u16();
  const unsigned precision = rest.u16();
  type.element = integer(type.bytes, (bits & is_signed) != 0);
  if (!type.element || first_bit != 0 || precision != 8 * type.bytes || (bits & ~(big_endian | is_signed)) != 0) return;
  const bool reversed = (bits & big_endian) != 0 && type.bytes > 1;  // a single byte has no order
  type.kind = reversed ? Type::Kind::big_endian : Type::Kind::number;
}

/// How IEEE 754 lays a float out, as HDF5 says it: places and sizes of sign, exponent and mantissa, and the bias.
struct FloatLayout {
  ElementType element;
  std::uint32_t bytes;
  unsigned sign_at, exponent_at, exponent_bits, mantissa_at, mantissa_bits, bias;
};
constexpr FloatLayout float_layouts[] = {
    {ElementType::float32, 4, 31, 23, 8, 0, 23, 127},
    {ElementType::float64, 8, 63, 52, 11, 0, 52, 1023},
};

void finish_float(Type& type, unsigned bits, Fields rest) {
  constexpr unsigned big_endian = 1;
  constexpr unsigned implied_one = 2U << 4;  // the mantissa's first bit is not stored
  const unsigned sign_at = bits >> 8;
  const unsigned first_bit = rest.u16();
  const unsigned precision = rest.u16();
  const unsigned exponent_at = rest.u8();
  const unsigned exponent_bits = rest.u8();
  const unsigned mantissa_at = rest.u8();
  const unsigned mantissa_bits = rest.u8();
  const unsigned bias = rest.u32();
  if (first_bit != 0 || precision != 8 * type.bytes || (bits & 0xFFU & ~big_endian) != implied_one) return;
  for (const FloatLayout& layout : float_layouts) {
    if (layout.bytes == type.bytes && layout.sign_at == sign_at && layout.exponent_at == exponent_at &&
        layout.exponent_bits == exponent_bits && layout.mantissa_at == mantissa_at &&
        layout.mantissa_bits == mantissa_bits && layout.bias == bias) {
      type.element = layout.element;
      type.kind = (bits & big_endian) != 0 ? Type::Kind::big_endian : Type::Kind::number;
    }
  }
}

}  // namespace

std::vector<std::int64_t> read_shape(Fields body) {
  constexpr unsigned deepest = 32;
  constexpr unsigned with_most = 1;  // extents that the array may grow to follow
  const unsigned version = body.u8();
  if (version != 1 && version != 2) refuse_version("shape", version);
  const unsigned rank = body.u8();
  const unsigned flags = body.u8();
  if (rank > deepest || (flags & ~with_most) != 0) throw Failure("a shape has too many dimensions or unknown flags");
  const unsigned kind = body.u8();  // of version 2: scalar, simple, none
  if (version == 1) body.skip(4);
  if (version == 2 && kind > 2) throw Failure("a shape is of an unknown kind");
  if (version == 2 && kind != 1 && rank != 0) throw Failure("a shape without dimensions has some");
  if (version == 2 && kind == 2) return {0};
  std::vector<std::int64_t> shape;
  for (unsigned i = 0; i < rank; ++i) {
    const std::uint64_t extent = body.u64();
    if (extent > std::numeric_limits<std::int64_t>::max()) throw Failure("a shape has more elements than any file");
    shape.push_back(static_cast<std::int64_t>(extent));
  }
  if ((flags & with_most) != 0) body.skip(std::uint64_t{8} * rank);
  return shape;
}

Type read_type(Fields body) {
  enum Class : unsigned { whole_number = 0, real_number = 1, string = 3, variable_length = 9 };
  constexpr unsigned newest = 3;
  const unsigned first = body.u8();
  const auto bits = static_cast<unsigned>(body.number(3));
  Type type;
  type.bytes = body.u32();
  if (type.bytes == 0) throw Failure("elements of a type have no bytes");
  if (first >> 4 == 0 || first >> 4 > newest) return type;
  switch (first & 0xFU) {
    case whole_number: finish_integer(type, bits, body); break;
    case real_number: finish_float(type, bits, body); break;
    case string: {
      constexpr unsigned spaces = 2;  // after zero terminated and zero padded
      if ((bits & 0xFU) > spaces) throw Failure("a text is padded in an unknown way");
      type.kind = Type::Kind::text;
      type.padded_with_spaces = (bits & 0xFU) == spaces;
      break;
    }
    case variable_length: {
      constexpr unsigned reference_bytes = 16;  // length, address of a heap, number in it
      const bool is_text = (bits & 0xFU) == 1;
      if (is_text && type.bytes != reference_bytes) throw Failure("a text has a reference of unknown size");
      if (is_text) type.kind = Type::Kind::variable_text;
      break;
    }
    default: break;
  }
  return type;
}

Storage read_layout(Fields body) {
  enum Class : unsigned { compact = 0, contiguous = 1, chunked = 2, elsewhere = 3 };
  const unsigned version = body.u8();
  if (version != 3 && version != 4) refuse_version("layout", version);
  switch (body.u8()) {
    case contiguous: break;
    case compact: throw Foreign("is stored compact", remedy::contiguous);
    case chunked: throw Foreign("is chunked", remedy::contiguous);
    case elsewhere: throw Foreign("is virtual", remedy::contiguous);
    default: throw Failure("an array is laid out in an unknown way");
  }
  const std::uint64_t address = body.u64();
  return {address, body.u64()};
}

}  // namespace shoal::h5
