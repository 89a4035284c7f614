#include "decode_x.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

namespace shoal {
namespace {

using Form = CsvRows::Form;

/// What a float that was written with 6 digits is as a double.
double widened(float brief) {
  if (std::isnan(brief)) return std::numeric_limits<double>::quiet_NaN();
  constexpr int digits = 6;
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), brief, std::chars_format::scientific, digits - 1);
  double value = 0.0;
  std::from_chars(text.data(), end.ptr, value);
  return value;
}

std::size_t bytes_of(Form form) {
  if (form == Form::bytes) return 1;
  return form == Form::doubles ? sizeof(double) : sizeof(float);
}

template <class T>
T element(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

double stored_value(Form form, const std::byte* at) {
  switch (form) {
    case Form::bytes: return static_cast<double>(std::to_integer<int>(*at));
    case Form::exact_floats: return static_cast<double>(element<float>(at));
    case Form::brief_floats: return widened(element<float>(at));
    default: return element<double>(at);
  }
}

}  // namespace

DecodeX::DecodeX(const CsvScan& scan, std::vector<CsvFeature> features, ElementType type)
    : features_(std::move(features)), type_(type) {
  as_stored_ = features_.size() == scan.x_width;
  for (std::size_t f = 0; f < features_.size(); ++f) as_stored_ &= features_[f].slot == f && features_[f].codes.empty();
}

template <class T>
void DecodeX::convert(const CsvScan& scan, const CsvRows& block, std::size_t rows, std::vector<std::byte>& out) const {
  const std::size_t width = bytes_of(block.form);
  // A float stays one without the way over its digits.
  const Form form = block.form == Form::brief_floats && sizeof(T) == sizeof(float) ? Form::exact_floats : block.form;
  auto* to = reinterpret_cast<T*>(out.data());
  for (std::size_t r = 0; r < rows; ++r) {
    const std::byte* const row = raw_.data() + r * scan.x_width * width;
    for (const CsvFeature& feature : features_) {
      double value = stored_value(form, row + feature.slot * width);
      if (!feature.codes.empty() && !std::isnan(value)) value = feature.codes[static_cast<std::size_t>(value)];
      *to++ = static_cast<T>(value);
    }
  }
}

void DecodeX::operator()(const CsvScan& scan, const CsvRows& block, std::vector<std::byte>& out) {
  const std::size_t width = bytes_of(block.form);
  const auto rows = static_cast<std::size_t>(block.rows);
  const bool same =
      (type_ == ElementType::uint8 && block.form == Form::bytes) ||
      (type_ == ElementType::float64 && block.form == Form::doubles) ||
      (type_ == ElementType::float32 && (block.form == Form::exact_floats || block.form == Form::brief_floats));
  std::vector<std::byte>& raw = as_stored_ && same ? out : raw_;
  raw.resize(rows * scan.x_width * width);
  scan.spool.read(block.x, raw);
  if (as_stored_ && same) return;
  out.resize(rows * features_.size() * element_bytes(type_));
  if (type_ == ElementType::uint8) return convert<std::uint8_t>(scan, block, rows, out);
  if (type_ == ElementType::float32) return convert<float>(scan, block, rows, out);
  convert<double>(scan, block, rows, out);
}

}  // namespace shoal
