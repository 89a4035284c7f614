#include "train/data/scale_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_values = std::int64_t{1} << 20;  // that are looked at
constexpr std::int64_t most_rows = 256;
constexpr std::size_t few_columns = 8;  // of fewer a row may well hold small numbers alone
constexpr double far_share = 0.1;       // of values, where training had a hundredth at most: see FarValues

/// What the values that are looked at have in common.
struct Looked {
  bool any = false;
  bool whole = true;
  double least = 0.0;
  double greatest = 0.0;
  // Of columns that had 0 to 1 in training.
  double greatest_for_unit = 0.0;
  std::int64_t for_unit = 0;
  std::int64_t far = 0;  ///< more than 10 deviations from the mean, or a whole range outside of it

  bool within_unit() const { return any && least >= 0.0 && greatest <= 1.0; }
  bool bytes_for_unit() const {
    const bool bytes = whole && least >= 0.0 && greatest <= 255.0 && greatest_for_unit >= 16.0;
    return bytes && static_cast<double>(far) > far_share * static_cast<double>(for_unit);
  }
};

class TrainedScale {
 public:
  TrainedScale(const Split& split, const ColumnMatch& match, const TrainedModel& trained)
      : split_(split), match_(match), normalization_(trained.encoding.normalization) {
    const auto features = static_cast<std::size_t>(trained.features());
    for (std::size_t d = 0; d < features; ++d) {
      const auto& columns = trained.encoding.columns;
      if (columns.empty() || (!columns[d].column.has_categories() && !columns[d].absent)) numbers_.push_back(d);
    }
  }

  /// Columns whose numbers are 2 and more on average, as far as the normalisation tells; of `unit` it has the range.
  std::size_t columns_beyond_one() const {
    return count([&](double mean, double deviation) {
      return mean + (normalization_.mode == "unit" ? deviation / 2.0 : 0.0) >= 2.0;
    });
  }
  /// Columns that have the mean and deviation of numbers from 0 to 1.
  std::size_t columns_of_unit() const {
    return count([&](double mean, double deviation) { return is_of_unit(mean, deviation); });
  }
  /// Images of bytes by `unit`.
  bool is_of_byte_images() const {
    const std::size_t columns = count([&](double mean, double deviation) { return mean == 0.0 && deviation == 255.0; });
    return normalization_.mode == "unit" && columns == numbers_.size() && columns > 0;
  }
  bool is_known() const { return normalization_.mode != "none" && !normalization_.mean.empty(); }
  std::size_t columns() const { return numbers_.size(); }

  Looked look() const {
    const std::int64_t width = split_.features();
    const std::int64_t wanted = std::clamp<std::int64_t>(most_values / width, 1, most_rows);
    const std::int64_t count = std::min(split_.rows(), wanted);
    Looked looked;
    if (count == 0) return looked;
    std::vector<std::int64_t> rows;
    for (std::int64_t i = 0; i < count; ++i) rows.push_back(i * split_.rows() / count);
    std::vector<double> values(static_cast<std::size_t>(count * width));
    split_.read_values(rows, values);
    for (std::size_t at = 0; at < values.size(); at += static_cast<std::size_t>(width)) {
      for (const std::size_t d : numbers_) take(values[at + (match_.source.empty() ? d : match_.source[d])], d, looked);
    }
    return looked;
  }

 private:
  template <class Holds>
  std::size_t count(const Holds& holds) const {
    if (!is_known()) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(
        numbers_, [&](std::size_t d) { return holds(normalization_.mean[d], normalization_.deviation[d]); }));
  }

  bool is_of_unit(double mean, double deviation) const {
    return mean >= 0.0 && (normalization_.mode == "unit" ? mean + deviation <= 1.0 : mean <= 1.0 && deviation <= 0.5);
  }

  void take(double value, std::size_t d, Looked& looked) const {
    if (std::isnan(value)) return;
    looked.least = looked.any ? std::min(looked.least, value) : value;
    looked.greatest = looked.any ? std::max(looked.greatest, value) : value;
    looked.any = true;
    looked.whole = looked.whole && value == std::trunc(value);
    if (!is_known() || !is_of_unit(normalization_.mean[d], normalization_.deviation[d])) return;
    looked.greatest_for_unit = std::max(looked.greatest_for_unit, value);
    ++looked.for_unit;
    const double z = (value - normalization_.mean[d]) / normalization_.deviation[d];
    looked.far += normalization_.mode == "unit" ? (z < -1.0 || z > 2.0 ? 1 : 0) : (std::fabs(z) > 10.0 ? 1 : 0);
  }

  const Split& split_;
  const ColumnMatch& match_;
  const Normalization& normalization_;
  std::vector<std::size_t> numbers_;  // features that are no categories
};

}  // namespace

void check_scale(const Split& split, const std::string& set, const ColumnMatch& match, const TrainedModel& trained) {
  const TrainedScale scale(split, match, trained);
  // Checkpoints of before do not know the type.
  const bool of_bytes = trained.data.element.empty() ? scale.is_of_byte_images()
                                                     : trained.data.element == element_name(ElementType::uint8);
  if (of_bytes && split.element_type() == ElementType::uint8) return;
  const std::size_t telling =
      of_bytes ? (scale.is_known() ? scale.columns_beyond_one() : scale.columns()) : scale.columns_of_unit();
  if (telling < few_columns) return;
  const Looked looked = scale.look();
  if (of_bytes && looked.within_unit()) {
    const std::string what =
        fmt::format("{}: all values lie in 0 to 1, and {} was trained on bytes, 0 to 255", set, trained.path);
    if (!looked.whole && scale.is_known())
      throw Error(ExitStatus::bad_data,
                  what + "; give bytes, or multiply by 255, if the values are bytes divided by 255");
    if (looked.greatest > 0.0) log_warning(what + ": is that meant?");
  }
  if (!of_bytes && looked.bytes_for_unit())
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: the values are bytes, up to {}, and {} was trained on numbers of 0 to 1; divide them "
                            "as those were, such as by 255",
                            set, looked.greatest, trained.path));
}

}  // namespace shoal
