#include "shoal/data/whole_split.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace shoal {

void for_rows(const Split& split, const std::function<void(std::span<const std::int64_t>)>& body) {
  constexpr std::int64_t at_once = 1 << 16;
  for (std::int64_t first = 0; first < split.rows(); first += at_once) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(at_once, split.rows() - first)));
    std::iota(rows.begin(), rows.end(), first);
    body(rows);
  }
}

std::vector<std::int64_t> rows_by_class(const Split& split) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(split.classes()));
  std::vector<std::int32_t> labels;
  for_rows(split, [&](std::span<const std::int64_t> rows) {
    labels.resize(rows.size());
    split.read_labels(rows, labels);
    for (const std::int32_t label : labels) ++counts[static_cast<std::size_t>(label)];
  });
  return counts;
}

}  // namespace shoal
