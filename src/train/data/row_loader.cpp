#include "train/data/row_loader.hpp"

#include <fmt/format.h>

#include <cmath>

#include "shoal/core/error.hpp"
#include "shoal/data/image_layout.hpp"

namespace shoal {

void RowLoader::encode(const Split& split, const RowEncoder& encoder, std::span<const std::int64_t> rows,
                       const Draws* draws, std::span<std::int64_t> unseen) {
  const auto inputs = static_cast<std::size_t>(encoder.inputs());
  features_.resize(rows.size() * inputs);
  if (encoder.is_plain() && replaced_.column < 0) return split.read(rows, encoder.encoding().normalization, features_);
  const auto width = static_cast<std::size_t>(split.features());
  cells_.resize(rows.size() * width);
  split.read_values(rows, cells_);
  for (std::size_t r = 0; r < rows.size() && replaced_.column >= 0; ++r)
    cells_[r * width + static_cast<std::size_t>(replaced_.column)] =
        replaced_.values[static_cast<std::size_t>(rows[r])];
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const std::int64_t row = split.source_row(rows[r]);
    const std::string wrong =
        encoder.encode(std::span(cells_).subspan(r * width, width), std::span(features_).subspan(r * inputs, inputs),
                       draws != nullptr ? &draws->unseen : nullptr, row, unseen);
    if (!wrong.empty()) throw Error(ExitStatus::bad_data, fmt::format("{}: {}", split.row_name(rows[r]), wrong));
  }
}

void RowLoader::features(const Split& split, const RowEncoder& encoder, std::span<const std::int64_t> rows,
                         const ValueShape& shape, Panels<float> out, const Draws* draws,
                         std::span<std::int64_t> unseen) {
  if (shape.rows == 1) {
    encode(split, encoder, rows, draws, unseen);
    return pack(std::span<const float>(features_), out, static_cast<std::int64_t>(rows.size()));
  }
  const ImageLayout layout(encoder.encoding().normalization, split.element_type(), shape.columns, shape.height(),
                           shape.width);
  const Augmentation* augmentation = draws != nullptr && draws->images ? &*draws->images : nullptr;
  if (encoder.is_plain() && replaced_.column < 0) return split.read_images(rows, layout, augmentation, out);
  encode(split, encoder, rows, draws, unseen);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const ImageView view = augmentation != nullptr ? augmentation->view(split.source_row(rows[r])) : ImageView();
    layout.lay_normalised(features_.data() + r * static_cast<std::size_t>(encoder.inputs()), view, out,
                          static_cast<std::int64_t>(r));
  }
}

void RowLoader::targets(const Split& split, const Normalization& scaling, std::span<const std::int64_t> rows,
                        Panels<float> out) {
  const auto columns = static_cast<std::size_t>(out.columns);
  targets_.assign(rows.size() * columns, 0.0f);
  if (!scaling.mean.empty()) {
    scaled(split, scaling, rows);
  } else if (split.has_targets()) {
    split.read_targets(rows, targets_);
  } else {
    labels_.resize(rows.size());
    split.read_labels(rows, labels_);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (columns == 1) {
        targets_[r] = static_cast<float>(labels_[r]);  // a class number, or the target itself
      } else {
        targets_[r * columns + static_cast<std::size_t>(labels_[r])] = 1.0f;
      }
    }
  }
  pack(std::span<const float>(targets_), out, static_cast<std::int64_t>(rows.size()));
}

void RowLoader::scaled(const Split& split, const Normalization& scaling, std::span<const std::int64_t> rows) {
  values_.resize(targets_.size());
  split.read_target_values(rows, values_);
  const std::vector<double> scale = scaling.scale();
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const std::size_t k = i % scale.size();
    targets_[i] = normalised(values_[i], scaling.mean[k], scale[k]);
    if (!std::isfinite(targets_[i]))
      throw Error(ExitStatus::bad_data, fmt::format("{}: output {} is {}, too far from those trained on ({} +- {}); "
                                                    "remove or correct it",
                                                    split.row_name(rows[i / scale.size()]), k, values_[i],
                                                    scaling.mean[k], scaling.deviation[k]));
  }
}

void RowLoader::weights(const Split& split, std::span<const double> class_weights, std::span<const std::int64_t> rows,
                        std::vector<double>& out) {
  out.clear();
  if (!split.has_weights() && class_weights.empty()) return;
  out.assign(rows.size(), 1.0);
  if (split.has_weights()) split.read_weights(rows, out);
  if (class_weights.empty()) return;
  labels_.resize(rows.size());
  split.read_labels(rows, labels_);
  for (std::size_t r = 0; r < rows.size(); ++r) out[r] *= class_weights[static_cast<std::size_t>(labels_[r])];
}

}  // namespace shoal
