#pragma once

#include <cstdint>
#include <span>

namespace shoal {

/// Columns in a panel. Every matrix (activations, weights, gradients, moments) is stored as [columns / 32][rows][32],
/// padded with zeros to whole panels: products, elementwise passes and per-column statistics read it straight through.
inline constexpr std::int64_t panel_width = 32;

inline constexpr std::int64_t panels_of(std::int64_t columns) { return (columns + panel_width - 1) / panel_width; }
/// Rows of images of at most 16 columns may lie 16 elements apart instead: of panels whose other half is padding,
/// memory moves every second cache line, which takes three times as long as moving all of half as many.
inline constexpr std::int64_t narrow_pitch = panel_width / 2;
/// Elements that a (rows, columns) matrix takes, padding included.
/// @param pitch  elements from a row of a panel to the next: panel_width or narrow_pitch
inline constexpr std::int64_t padded_size(std::int64_t rows, std::int64_t columns, std::int64_t pitch = panel_width) {
  return panels_of(columns) * rows * pitch;
}

/// Elements that an elementwise function goes through: all of one row, or the first half of each row of a tile, whose
/// other half then stays as it is, unread: most often the zeros of padding.
struct Extent {
  static constexpr std::int64_t half = narrow_pitch;

  Extent(std::int64_t elements) : width(elements) {}
  /// Columns [0, columns) of a tile, (rows, 32) or, of at most 16 columns, (rows, 16).
  static Extent of(std::int64_t rows, std::int64_t columns, std::int64_t pitch = panel_width) {
    return columns > half || pitch == half ? Extent(rows * pitch) : Extent(rows, half);
  }

  std::int64_t rows = 1;
  std::int64_t width = 0;

 private:
  Extent(std::int64_t rows, std::int64_t width) : rows(rows), width(width) {}
};

/// A matrix in panels that somebody else owns.
template <class T>
struct Panels {
  T* data = nullptr;
  std::int64_t rows = 0;     ///< of the allocation: the stride between panels is rows * pitch
  std::int64_t columns = 0;  ///< without padding
  std::int64_t pitch = panel_width;

  std::int64_t panels() const { return panels_of(columns); }
  /// Row `row` of panel `panel`; the rows behind it follow at a stride of `pitch`.
  T* tile(std::int64_t panel, std::int64_t row = 0) const { return data + (panel * rows + row) * pitch; }
  T& at(std::int64_t row, std::int64_t column) const { return tile(column / panel_width, row)[column % panel_width]; }
  /// Columns of panel `panel` that are not padding.
  std::int64_t width(std::int64_t panel) const {
    const std::int64_t rest = columns - panel * panel_width;
    return rest < panel_width ? rest : panel_width;
  }
  operator Panels<const T>() const { return {data, rows, columns, pitch}; }
};

/// Row-major to panels and back; `row_major` holds rows x columns elements without padding. pack writes zeros into the
/// padding.
template <class From, class T>
void pack(std::span<const From> row_major, Panels<T> panels, std::int64_t rows) {
  for (std::int64_t p = 0; p < panels.panels(); ++p) {
    const std::int64_t width = panels.width(p);
    for (std::int64_t r = 0; r < rows; ++r) {
      T* out = panels.tile(p, r);
      const From* in = row_major.data() + r * panels.columns + p * panel_width;
      for (std::int64_t c = 0; c < width; ++c) out[c] = static_cast<T>(in[c]);
      for (std::int64_t c = width; c < panels.pitch; ++c) out[c] = T{0};
    }
  }
}

/// Samples of (columns, positions) numbers each, as images are in files, to rows of one position each; where there is
/// one position this is pack().
template <class From, class T>
void pack_samples(std::span<const From> samples, std::int64_t count, Panels<T> panels) {
  if (count == 0) return;
  const std::int64_t positions = static_cast<std::int64_t>(samples.size()) / count / panels.columns;
  if (positions == 1) return pack(samples, panels, count);
  for (std::int64_t p = 0; p < panels.panels(); ++p) {
    const std::int64_t width = panels.width(p);
    for (std::int64_t s = 0; s < count; ++s) {
      const From* in = samples.data() + (s * panels.columns + p * panel_width) * positions;
      T* out = panels.tile(p, s * positions);
      for (std::int64_t i = 0; i < positions; ++i, ++in, out += panels.pitch) {
        for (std::int64_t c = 0; c < width; ++c) out[c] = static_cast<T>(in[c * positions]);
        for (std::int64_t c = width; c < panels.pitch; ++c) out[c] = T{0};
      }
    }
  }
}

/// Rows [first, last) of the whole matrix.
template <class T, class To>
void unpack_rows(Panels<T> panels, std::int64_t first, std::int64_t last, std::span<To> row_major) {
  for (std::int64_t p = 0; p < panels.panels(); ++p) {
    const std::int64_t width = panels.width(p);
    for (std::int64_t r = first; r < last; ++r) {
      const T* in = panels.tile(p, r);
      To* out = row_major.data() + r * panels.columns + p * panel_width;
      for (std::int64_t c = 0; c < width; ++c) out[c] = static_cast<To>(in[c]);
    }
  }
}
template <class T, class To>
void unpack(Panels<T> panels, std::int64_t rows, std::span<To> row_major) {
  unpack_rows(panels, 0, rows, row_major);
}

}  // namespace shoal
