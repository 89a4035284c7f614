#include "train/row_loader.hpp"

namespace shoal {

void RowLoader::features(const Split& split, const Normalization& normalization, std::span<const std::int64_t> rows,
                         Panels<float> out) {
  features_.resize(rows.size() * static_cast<std::size_t>(out.columns));
  split.read(rows, normalization, features_);
  pack(std::span<const float>(features_), out, static_cast<std::int64_t>(rows.size()));
}

void RowLoader::targets(const Split& split, std::span<const std::int64_t> rows, Panels<float> out) {
  const auto columns = static_cast<std::size_t>(out.columns);
  targets_.assign(rows.size() * columns, 0.0f);
  if (split.has_targets()) {
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

}  // namespace shoal
