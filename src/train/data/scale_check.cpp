#include "train/data/scale_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/value_scale.hpp"

namespace shoal {
namespace {

constexpr double far_share = 0.1;    // of values, where training had a hundredth at most: see FarValues
constexpr double some_share = 0.05;  // of values below 0: more than mistakes

/// What the normalisation tells of the numbers of training. Of `unit` it has the range.
class TrainedScale {
 public:
  TrainedScale(const ColumnMatch& match, const TrainedModel& trained)
      : normalization_(trained.encoding.normalization), by_range_(normalization_.mode == "unit") {
    const auto features = static_cast<std::size_t>(trained.features());
    for (std::size_t d = 0; d < features; ++d) {
      const auto& columns = trained.encoding.columns;
      if (!columns.empty() && (columns[d].column.has_categories() || columns[d].absent)) continue;
      numbers_.push_back(d);
      sources_.push_back(match.source.empty() ? d : match.source[d]);
    }
  }

  bool is_known() const { return normalization_.mode != "none" && !normalization_.mean.empty(); }
  std::size_t columns() const { return numbers_.size(); }
  const std::vector<std::size_t>& sources() const { return sources_; }  ///< of the columns, in rows of the data

  /// Columns whose numbers are 2 and more on average.
  std::size_t columns_beyond_one() const {
    return count([&](double mean, double deviation) { return mean + (by_range_ ? deviation / 2.0 : 0.0) >= 2.0; });
  }
  /// Images of bytes by `unit`.
  bool is_of_byte_images() const {
    const std::size_t columns = count([&](double mean, double deviation) { return mean == 0.0 && deviation == 255.0; });
    return by_range_ && columns == numbers_.size() && columns > 0;
  }
  /// Bytes that are stored as floats: ranges from whole numbers to whole ones, up to 255 and not beyond.
  bool has_ranges_of_bytes() const {
    if (!by_range_ || !is_known()) return false;
    double greatest = 0.0;
    for (const std::size_t d : numbers_) {
      const double least = normalization_.mean[d];
      const double most = least + normalization_.deviation[d];
      if (least < 0.0 || least != std::trunc(least) || most != std::trunc(most)) return false;
      greatest = std::max(greatest, most);
    }
    return greatest == 255.0;
  }

  /// How large numbers were in each column, and how large those of the data are by the same measure.
  std::vector<double> sizes() const {
    std::vector<double> sizes;
    for (const std::size_t d : numbers_) {
      const double mean = normalization_.mean[d];
      const double deviation = normalization_.deviation[d];
      sizes.push_back(by_range_ ? std::max(std::fabs(mean), std::fabs(mean + deviation)) : std::fabs(mean) + deviation);
    }
    return sizes;
  }
  const std::vector<double>& sizes_of(const ValueScale& data) const { return by_range_ ? data.greatest : data.typical; }

  /// Whether columns had numbers of 0 to 1, -1 to 1, or standardised ones, and the values are bytes.
  bool bytes_for_small(std::span<const double> values, std::size_t width, const ValueScale& data) const {
    if (!data.whole || data.least < 0.0 || data.most > 255.0) return false;
    const std::size_t small = count([&](double mean, double deviation) { return is_small(mean, deviation); });
    if (small < few_columns || 4 * small < 3 * columns()) return false;
    double far = 0.0;
    double all = 0.0;
    double greatest = 0.0;  // of the columns that had small numbers
    for (; !values.empty(); values = values.subspan(width)) {
      for (std::size_t c = 0; c < columns(); ++c) {
        const double mean = normalization_.mean[numbers_[c]];
        const double deviation = normalization_.deviation[numbers_[c]];
        const double value = values[sources_[c]];
        if (std::isnan(value) || !is_small(mean, deviation)) continue;
        all += 1.0;
        greatest = std::max(greatest, value);
        far += is_far((value - mean) / deviation) ? 1.0 : 0.0;
      }
    }
    return greatest >= 16.0 && far > far_share * all;
  }

 private:
  template <class Holds>
  std::size_t count(const Holds& holds) const {
    if (!is_known()) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(
        numbers_, [&](std::size_t d) { return holds(normalization_.mean[d], normalization_.deviation[d]); }));
  }
  bool is_small(double mean, double deviation) const {
    if (by_range_) return mean >= -1.25 && mean + deviation <= 1.25;
    return std::fabs(mean) <= 1.25 && deviation <= 1.25;
  }
  /// More than 10 deviations from the mean, or a whole range outside of it.
  bool is_far(double z) const { return by_range_ ? z < -1.0 || z > 2.0 : std::fabs(z) > 10.0; }

  const Normalization& normalization_;
  bool by_range_;
  std::vector<std::size_t> numbers_;  // features that are no categories
  std::vector<std::size_t> sources_;
};

/// What is said where numbers cannot be, or hardly are, those that a model of bytes was trained on.
std::string no_bytes_text(const std::string& set, const ValueScale& data, const TrainedModel& trained) {
  return fmt::format("{}: the values are {}, {:.4g} to {:.4g}, and {} was trained on bytes, 0 to 255", set,
                     data.whole ? "small" : "fractions", data.least, data.most, trained.path);
}

}  // namespace

void check_scale(const Split& split, const std::string& set, const ColumnMatch& match, const TrainedModel& trained) {
  const TrainedScale scale(match, trained);
  // Checkpoints of before do not know the type.
  const bool of_bytes = trained.data.element.empty() ? scale.is_of_byte_images()
                                                     : trained.data.element == element_name(ElementType::uint8);
  const bool bytes_alike = of_bytes && split.element_type() == ElementType::uint8;
  if (bytes_alike || scale.columns() < few_columns || split.rows() == 0) return;
  const std::vector<double> values = some_values(split);
  const auto width = static_cast<std::size_t>(split.features());
  const ValueScale data = scale_of(values, width, scale.sources());
  std::optional<SmallerScale> smaller;
  if (scale.is_known()) smaller = smaller_scale(data, scale.sizes_of(data), scale.sizes());

  // Whole numbers of a table that never were large are bytes by the way they are stored alone.
  const bool large = !scale.is_known() || std::ranges::max(scale.sizes()) >= 16.0;
  const bool tells = !scale.is_known() || scale.columns_beyond_one() >= few_columns;
  if (tells && large && (of_bytes || scale.has_ranges_of_bytes())) {
    const bool no_bytes = data.are_shares() || (!data.whole && data.below_zero >= some_share);
    if (no_bytes && smaller)
      throw Error(ExitStatus::bad_data, no_bytes_text(set, data, trained) +
                                            "; give bytes as they are, or multiply by 255 what was divided by it");
    if (no_bytes || (data.least >= 0.0 && data.most <= 1.0 && data.most > 0.0))
      return log_warning(no_bytes_text(set, data, trained) + ": is that meant?");
  }
  if (!of_bytes && scale.bytes_for_small(values, width, data))
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: the values are bytes, up to {}, and {} was trained on numbers of about 0 to 1; divide "
                            "them as those were, such as by 255",
                            set, data.most, trained.path));
  if (smaller)
    log_warning(
        fmt::format("{}: its numbers are about {:.2g}, and those that {} was trained on about {:.3g}, in {} "
                    "columns: are they on one scale?",
                    set, smaller->size, trained.path, smaller->other, smaller->columns));
}

}  // namespace shoal
