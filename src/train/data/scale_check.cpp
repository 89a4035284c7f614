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

constexpr double far_share = 0.1;         // of values, where training had a hundredth at most: see FarValues
constexpr double some_share = 0.05;       // of fractions below 0: more than mistakes
constexpr std::size_t least_values = 64;  // that tell something where none is below 0

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

  /// Whether columns had numbers below 0, as bytes of -128 to 127 are, and the values are bytes without a single such.
  bool bytes_for_signed(const ValueScale& data) const {
    const std::size_t below = count([](double mean, double deviation) {
      return mean < 0.0 && std::fabs(mean) + deviation >= 16.0;  // of `unit` the mean is the least
    });
    const auto values = static_cast<std::size_t>(data.rows) * columns();
    return data.could_be_bytes() && below >= few_columns && 2 * below >= columns() && values >= least_values;
  }
  /// Where numbers lie to one side of those of training: see shifted_scale(). Of `unit` half a range is taken.
  std::optional<ShiftedScale> shifted(const ValueScale& data) const {
    std::vector<double> means;
    std::vector<double> deviations;
    for (const std::size_t d : numbers_) {
      const double deviation = normalization_.deviation[d];
      means.push_back(normalization_.mean[d] + (by_range_ ? deviation / 2.0 : 0.0));
      deviations.push_back(by_range_ ? deviation / 3.0 : deviation);  // 1.5 of them: to the end of the range
    }
    return shifted_scale(data, means, deviations);
  }

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
                     !data.whole           ? "fractions"
                     : data.within_bytes() ? "small"
                                           : "whole numbers",
                     data.least, data.most, trained.path);
}

/// Numbers for a model of bytes. @returns whether something was said
bool check_bytes(const ValueScale& data, bool smaller, const std::string& set, const TrainedModel& trained) {
  const std::string text = no_bytes_text(set, data, trained);
  const bool fractions = data.are_shares() || (!data.whole && data.below_zero >= some_share);
  if (fractions && smaller)
    throw Error(ExitStatus::bad_data, text + "; give bytes as they are, or multiply by 255 what was divided by it");
  // Columns of a table may hold what training had none of.
  const bool array = trained.data.columns.empty() || trained.data.shape.size() > 1;
  if (array && data.plainly_no_bytes())
    throw Error(ExitStatus::bad_data, text + "; give bytes as they are, or put them back into 0 to 255");
  const bool shares = data.least >= 0.0 && data.most <= 1.0 && data.most > 0.0;
  if (fractions || shares || (array && !data.within_bytes())) {
    log_warning(text + ": is that meant?");
    return true;
  }
  return false;
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
  if (tells && large && (of_bytes || scale.has_ranges_of_bytes()) &&
      check_bytes(data, smaller.has_value(), set, trained))
    return;
  if (!of_bytes && scale.bytes_for_small(values, width, data))
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: the values are bytes, up to {}, and {} was trained on numbers of about 0 to 1; divide "
                            "them as those were, such as by 255",
                            set, data.most, trained.path));
  if (!of_bytes && scale.bytes_for_signed(data))
    throw Error(
        ExitStatus::bad_data,
        fmt::format("{}: the values are bytes, up to {}, and {} was trained on numbers of which many were below "
                    "0, such as -128 to 127; shift them as those were, such as by -128",
                    set, data.most, trained.path));
  if (smaller)
    return log_warning(
        fmt::format("{}: its numbers are about {:.2g}, and those that {} was trained on about {:.3g}, in {} "
                    "columns: are they on one scale?",
                    set, smaller->size, trained.path, smaller->other, smaller->columns));
  if (const auto shift = scale.is_known() ? scale.shifted(data) : std::nullopt)
    log_warning(
        fmt::format("{}: its numbers are {:.3g} {} than those that {} was trained on, on average of {} columns: "
                    "are they on one scale?",
                    set, std::fabs(shift->by), shift->by < 0.0 ? "less" : "more", trained.path, shift->columns));
}

}  // namespace shoal
