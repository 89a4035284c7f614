#include "shoal/data/synth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>

#include "contents.hpp"
#include "import/splits.hpp"
#include "shoal/core/elementary.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/random.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

constexpr std::array<const char*, 3> split_names{"test", "train", "validation"};
constexpr std::uint32_t split_lane = 3;

/// Before centres are made and rows counted, which takes long where they are too many.
void check_space(const SynthOptions& options, const std::string& out) {
  const auto place = std::filesystem::path(out).parent_path();
  const auto left = free_bytes(place.empty() ? "." : place);
  const double bytes = static_cast<double>(options.samples) * static_cast<double>(options.features + 1) * 4.0;
  if (!left || bytes <= static_cast<double>(*left)) return;
  throw Error(ExitStatus::input_output,
              fmt::format("{} would take {:.0f} bytes, and its folder has {} left; use fewer samples, or another place",
                          out, bytes, *left));
}

void check(const SynthOptions& options, std::int64_t least_features, const std::string& out) {
  const auto within = [](const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value < least)
      throw Error(ExitStatus::usage, fmt::format("--{} is {}; it must be at least {}", name, value, least));
    if (value > most)
      throw Error(ExitStatus::usage, fmt::format("--{} is {}; it must be at most {}", name, value, most));
  };
  within("features", options.features, least_features, most_features);
  within("classes", options.classes, 1, most_classes);
  // The bytes of all rows are counted in 64 bits.
  within("samples", options.samples, 1, std::numeric_limits<std::int64_t>::max() / (4 * (options.features + 1)));
  check_fractions(options.test_fraction, options.validation_fraction);
  check_space(options, out);
}

bool is_drawn(const SynthOptions& options) {
  return options.test_fraction != 0.0 || options.validation_fraction != 0.0;
}

/// Index into split_names of the split that a row is drawn into.
std::size_t split_of(const SynthOptions& options, const RandomSource& draw, std::int64_t row) {
  if (!is_drawn(options)) return 1;
  const double u = draw.uniform(static_cast<std::uint64_t>(row));
  if (u < options.test_fraction) return 0;
  return u < options.test_fraction + options.validation_fraction ? 2 : 1;
}

/// Writes rows whose features are feature(class, row, d).
template <class Feature>
DatasetSummary write_rows(const SynthOptions& options, const std::string& source, const Feature& feature,
                          const std::string& out) {
  const std::int64_t classes = options.classes;
  Table table;
  table.rows = options.samples;
  table.x = {ElementType::float32, {options.features}, [&, classes](std::int64_t row, std::byte* bytes) {
               for (std::int64_t d = 0; d < options.features; ++d) {
                 const auto value = static_cast<float>(feature(row % classes, row, d));
                 const auto four = std::as_bytes(std::span(&value, 1));
                 bytes = std::copy(four.begin(), four.end(), bytes);
               }
             }};
  table.y = Column{ElementType::int32, {}, [classes](std::int64_t row, std::byte* bytes) {
                     const auto label = static_cast<std::int32_t>(row % classes);
                     const auto four = std::as_bytes(std::span(&label, 1));
                     std::copy(four.begin(), four.end(), bytes);
                   }};

  const RandomSource draw(options.seed, Purpose::hold_out, 0, split_lane);
  std::array<RowSet, 3> rows{RowSet(options.samples), RowSet(options.samples), RowSet(options.samples)};
  for (std::int64_t row = 0; row < options.samples; ++row) rows[split_of(options, draw, row)].insert(row);
  if (rows[1].count() == 0) {
    throw Error(ExitStatus::usage, fmt::format("of {} samples none was drawn to train; use more samples or smaller "
                                               "fractions",
                                               options.samples));
  }
  std::vector<PlannedSplit> splits;
  for (std::size_t s = 0; s < split_names.size(); ++s) {
    if (rows[s].count() > 0) splits.push_back({split_names[s], &table, std::move(rows[s])});
  }
  return write_splits(std::move(splits), {number_names(classes), {}, source}, out);
}

}  // namespace

DatasetSummary synth_gaussians(const SynthOptions& options, const std::string& out) {
  check(options, 1, out);
  const RandomSource source(options.seed, Purpose::synth, 0, 0);
  const RandomSource noise(options.seed, Purpose::synth, 0, 1);
  const auto centre = [&](std::int64_t k, std::int64_t d) {
    return 2.0 * source.normal(static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(d));
  };
  // (classes that have a row, D), where they are few enough to be kept: else each is made anew for every row.
  constexpr std::int64_t most_kept = std::int64_t{1} << 24;
  const std::int64_t classes = std::min(options.classes, options.samples);
  const bool kept = classes <= most_kept / options.features;
  std::vector<double> centres;
  for (std::int64_t k = 0; kept && k < classes; ++k) {
    for (std::int64_t d = 0; d < options.features; ++d) centres.push_back(centre(k, d));
  }
  const auto feature = [&](std::int64_t k, std::int64_t row, std::int64_t d) {
    return (kept ? centres[static_cast<std::size_t>(k * options.features + d)] : centre(k, d)) +
           noise.normal(static_cast<std::uint64_t>(row), static_cast<std::uint64_t>(d));
  };
  return write_rows(options, fmt::format("synth gaussians, seed {}", options.seed), feature, out);
}

DatasetSummary synth_spirals(const SynthOptions& options, const std::string& out) {
  check(options, 2, out);
  const RandomSource source(options.seed, Purpose::synth, 1, 0);
  const auto feature = [&](std::int64_t k, std::int64_t row, std::int64_t d) {
    const auto item = static_cast<std::uint64_t>(row);
    if (d >= 2) return source.normal(item, static_cast<std::uint64_t>(d));
    const double t = source.uniform(item, 0);
    // In units of pi; three quarters of a turn from the centre to the rim, blurred by a twentieth of pi.
    const double angle =
        2.0 * static_cast<double>(k) / static_cast<double>(options.classes) + 1.5 * t + 0.05 * source.normal(item, 1);
    return t * elementary::cos_pi(d == 0 ? angle : angle - 0.5);  // cos(a - 1/2) is sin(a)
  };
  return write_rows(options, fmt::format("synth spirals, seed {}", options.seed), feature, out);
}

}  // namespace shoal
