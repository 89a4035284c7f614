#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "shoal/data/augmentation.hpp"
#include "shoal/data/normalization.hpp"
#include "shoal/io/element_type.hpp"
#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Lays samples (channels, height, width) as rows of their positions, channels as columns, normalised by channel as
/// Split::read() does it: one pass from bytes to panels. Black is the raw value 0, normalised.
class ImageLayout {
 public:
  /// @param normalization  of channels x height x width features; all of a channel have the same, see
  ///                       share_by_channel(). @throws Error(bad_data)  where they do not
  /// @param type           of the samples in the file; a byte's normalised value is looked up
  ImageLayout(const Normalization& normalization, ElementType type, std::int64_t channels, std::int64_t height,
              std::int64_t width);

  /// Sample `sample` of `out`, whose padding stays as it is, from its numbers in the file. @returns whether all are
  /// finite as floats
  bool lay(const std::byte* numbers, ElementType type, const ImageView& view, Panels<float> out,
           std::int64_t sample) const;
  /// The same from numbers that are normalised.
  void lay_normalised(const float* numbers, const ImageView& view, Panels<float> out, std::int64_t sample) const;

 private:
  template <class Convert>
  void lay_with(const Convert& convert, const ImageView& view, Panels<float> out, std::int64_t sample) const;

  std::int64_t height_;
  std::int64_t width_;
  std::vector<double> mean_;   // of each channel
  std::vector<double> scale_;  // likewise
  std::vector<float> black_;   // likewise
  std::vector<std::array<float, 256>> of_byte_;
};

}  // namespace shoal
