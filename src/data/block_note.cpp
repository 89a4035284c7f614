#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "shoal/data/dataset.hpp"
#include "shoal/data/epoch_order.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_blocks = 512;    // that are looked at
constexpr std::int64_t most_of_block = 256;  // rows, the first ones
constexpr double most_alike = 0.2;  // of a correlation: 0 where rows are mixed, 1 where all in a block are equal

using Rows = std::vector<std::int64_t>;

/// Some blocks, evenly over the split.
std::vector<Rows> some_blocks(std::int64_t rows, std::int64_t block) {
  const std::int64_t blocks = rows / block;  // a short one is left out
  const std::int64_t count = std::min(blocks, most_blocks);
  std::vector<Rows> some(static_cast<std::size_t>(count),
                         Rows(static_cast<std::size_t>(std::min(block, most_of_block))));
  for (std::int64_t i = 0; i < count; ++i) {
    Rows& of_block = some[static_cast<std::size_t>(i)];
    std::iota(of_block.begin(), of_block.end(), blocks * i / count * block);
  }
  return some;
}

/// How much two random ones of these labels differ: the chance that they do.
double difference(std::vector<std::int32_t> labels) {
  std::sort(labels.begin(), labels.end());
  const auto n = static_cast<double>(labels.size());
  double pairs = 0.0;  // of equal ones
  for (auto first = labels.begin(); first != labels.end();) {
    const auto last = std::upper_bound(first, labels.end(), *first);
    pairs += static_cast<double>(last - first) * static_cast<double>(last - first - 1);
    first = last;
  }
  return 1.0 - pairs / (n * (n - 1.0));
}

/// The same of numbers: their variance.
double difference(const std::vector<float>& targets) {
  const auto n = static_cast<double>(targets.size());
  const double mean = std::accumulate(targets.begin(), targets.end(), 0.0) / n;
  double sum = 0.0;
  for (const float target : targets) sum += (target - mean) * (target - mean);
  return sum / (n - 1.0);
}

/// The intraclass correlation: by how much rows of a block differ less than rows of all blocks.
template <class T, class Read>
double likeness(const std::vector<Rows>& blocks, const Read& read) {
  std::vector<T> all;
  double within = 0.0;
  for (const Rows& rows : blocks) {
    const std::vector<T> values = read(rows);
    within += difference(values);
    all.insert(all.end(), values.begin(), values.end());
  }
  const double whole = difference(all);
  return whole > 0.0 ? 1.0 - within / static_cast<double>(blocks.size()) / whole : 0.0;
}

double likeness_of_labels(const Split& split, const std::vector<Rows>& blocks) {
  return likeness<std::int32_t>(blocks, [&](const Rows& rows) {
    std::vector<std::int32_t> labels(rows.size());
    split.read_labels(rows, labels);
    return labels;
  });
}

double likeness_of_targets(const Split& split, const std::vector<Rows>& blocks) {
  const auto outputs = static_cast<std::size_t>(split.outputs());
  double most = 0.0;
  for (std::size_t k = 0; k < std::min<std::size_t>(outputs, 16); ++k) {
    most = std::max(most, likeness<float>(blocks, [&](const Rows& rows) {
                      std::vector<float> targets(rows.size() * outputs);
                      split.read_targets(rows, targets);
                      std::vector<float> column(rows.size());
                      for (std::size_t i = 0; i < rows.size(); ++i) column[i] = targets[i * outputs + k];
                      return column;
                    }));
  }
  return most;
}

}  // namespace

std::string note_on_blocks(const Split& split, std::int64_t block) {
  if (block == 0) block = default_shuffle_block(split.rows(), split.row_bytes());
  if (block < 2 || split.rows() < 2 * block) return "";
  const std::vector<Rows> blocks = some_blocks(split.rows(), block);
  const double alike = split.has_labels()    ? likeness_of_labels(split, blocks)
                       : split.has_targets() ? likeness_of_targets(split, blocks)
                                             : 0.0;
  if (alike < most_alike) return "";
  return fmt::format(
      "rows that lie beside one another have {} much alike (a correlation of {:.2f} within blocks of {} rows), as if "
      "the "
      "split {} was sorted by them; these blocks are shuffled, so that batches are mixed badly: set data.shuffle_block "
      "= 1, "
      "which is slower where the data do not fit into memory, or store the rows in random order",
      split.has_labels() ? "labels" : "targets", alike, block, split.name());
}

}  // namespace shoal
