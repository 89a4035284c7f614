#include "train/data/encoded_rows.hpp"

#include <algorithm>
#include <iterator>

namespace shoal {
namespace {

constexpr std::int64_t most_held_bytes = std::int64_t{4} << 20;  // no more than reading ahead would take
constexpr std::int64_t made_at_a_time = 64;

std::int64_t floats_of_row(const ValueShape& shape) { return padded_size(shape.rows, shape.columns); }

}  // namespace

bool EncodedRows::are_few(const Split& split, const ValueShape& shape) {
  constexpr auto float_bytes = static_cast<std::int64_t>(sizeof(float));
  return split.is_held() && split.rows() <= most_held_bytes / float_bytes / floats_of_row(shape);
}

EncodedRows::EncodedRows(std::int64_t rows, const ValueShape& shape)
    : shape_(shape),
      there_(static_cast<std::size_t>(rows)),
      values_(rows * floats_of_row(shape)),
      made_(made_at_a_time * floats_of_row(shape)) {}

/// Those that are missing.
void EncodedRows::make(RowLoader& loader, const Split& split, const RowEncoder& encoder) {
  const Panels<float> made{made_.data(), made_at_a_time * shape_.rows, shape_.columns};
  const std::int64_t tile = shape_.rows * panel_width;
  for (std::size_t first = 0; first < missing_.size(); first += made_at_a_time) {
    const auto some = std::span<const std::int64_t>(missing_).subspan(
        first, std::min<std::size_t>(made_at_a_time, missing_.size() - first));
    loader.features(split, encoder, some, shape_, made);
    for (std::size_t i = 0; i < some.size(); ++i) {
      for (std::int64_t panel = 0; panel < made.panels(); ++panel)
        std::copy_n(made.tile(panel, static_cast<std::int64_t>(i) * shape_.rows), tile,
                    values_.data() + some[i] * floats_of_row(shape_) + panel * tile);
      there_[static_cast<std::size_t>(some[i])] = true;
    }
  }
}

void EncodedRows::lay(RowLoader& loader, const Split& split, const RowEncoder& encoder,
                      std::span<const std::int64_t> rows, Panels<float> out) {
  missing_.clear();
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(missing_),
               [&](std::int64_t row) { return !there_[static_cast<std::size_t>(row)]; });
  make(loader, split, encoder);
  const std::int64_t tile = shape_.rows * panel_width;
  for (std::int64_t panel = 0; panel < out.panels(); ++panel) {
    float* to = out.tile(panel);
    for (const std::int64_t row : rows) {
      std::copy_n(values_.data() + row * floats_of_row(shape_) + panel * tile, tile, to);
      to += tile;
    }
  }
}

}  // namespace shoal
