// What Training keeps and takes back: the state between two steps.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>

#include "shoal/core/error.hpp"
#include "shoal/core/version.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/train/training.hpp"
#include "train/drift.hpp"
#include "train/feeder.hpp"
#include "train/replica.hpp"

namespace shoal {
namespace {

using Names = CheckpointNames;

bool all_finite(std::span<const float> values) {
  constexpr std::size_t part = 1 << 16;            // values that a thread looks at in one go
  constexpr std::uint32_t exponent = 0x7f800000U;  // all of these bits are set in infinities and NaN, and in no other
  std::atomic<bool> finite = true;
  parallel_for(static_cast<std::int64_t>((values.size() + part - 1) / part), [&](std::int64_t i) {
    const std::size_t first = static_cast<std::size_t>(i) * part;
    bool odd = false;
    for (const float value : values.subspan(first, std::min(part, values.size() - first)))
      odd |= (std::bit_cast<std::uint32_t>(value) & exponent) == exponent;
    if (odd) finite = false;
  });
  return finite;
}

/// Whether a column becomes the same inputs, but for medians.
bool means_the_same(ColumnEncoding a, const ColumnEncoding& b) {
  a.fill = b.fill;
  a.column.marks = b.column.marks;
  a.column.units = b.column.units;
  return a == b;
}

void erase_group(Archive& archive, const char* group) {
  const std::string paths = Names::in(group, "");
  std::erase_if(archive.arrays, [&](const NamedArray& array) { return array.path.starts_with(paths); });
}

/// Whether the columns become a number each, as without a table.
bool are_plain(const std::vector<ColumnEncoding>& columns) {
  return std::all_of(columns.begin(), columns.end(), [](const ColumnEncoding& column) {
    return !column.column.has_categories() && column.inputs() == 1;
  });
}

/// The first name that differs, as far as both have names: parameters belong to columns by their places.
std::optional<std::string> first_other_name(const std::vector<std::string>& ours,
                                            const std::vector<std::string>& theirs) {
  if (ours.empty() || theirs.empty()) return std::nullopt;
  const auto differ = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  if (differ.first != ours.end()) return *differ.first;
  return differ.second != theirs.end() ? std::optional(*differ.second) : std::nullopt;
}

}  // namespace

void Training::restore(const Archive& archive) {
  reader_.reset();
  const Graph& graph = model_.graph();
  read_start(archive, weight_groups(archive, WhichWeights::last));
  std::vector<float> flat(static_cast<std::size_t>(graph.parameter_size()));
  for (std::size_t m = 0; m < replica_->moment_names().size(); ++m) {
    std::fill(flat.begin(), flat.end(), 0.0f);
    read_parameters(archive, Names::in(Names::moments, replica_->moment_names()[m]), graph, flat);
    replica_->set_moment(m, flat);
  }
  if (config_.train.average_decay > 0.0) {
    const WeightGroups groups = weight_groups(archive, WhichWeights::average);
    std::fill(flat.begin(), flat.end(), 0.0f);
    read_parameters(archive, groups.parameters, graph, flat);
    std::vector<double> states(static_cast<std::size_t>(graph.state_size()));
    read_states(archive, groups.statistics, graph, states);
    replica_->set_average(flat, states);
  } else {
    replica_->keep_average(false);
  }
  progress_ = read_progress(archive);
  averages_.clear();
  const std::string averages = Names::in(Names::averages, "");
  const bool refined = std::any_of(archive.arrays.begin(), archive.arrays.end(),
                                   [&](const NamedArray& array) { return array.path.starts_with(averages); });
  if (refined) {
    averages_.resize(static_cast<std::size_t>(graph.state_size()));
    read_states(archive, Names::averages, graph, averages_);
  }
  Encoding encoding = read_encoding(archive);
  if (encoding.columns != encoding_for(config_, data_).columns)
    throw Error(ExitStatus::bad_data,
                archive.name + ": its encoding is not that of the data and config; start a new run");
  set_encoding(std::move(encoding));
  feeder_->set_target_scaling(read_target_scaling(archive, model_.target_columns()));
  class_weights_ = read_class_weights(archive, data_.train.classes());
}

void Training::adopt(const Archive& archive) {
  const std::vector<ColumnEncoding> theirs = read_encoding(archive).columns;
  const std::vector<ColumnEncoding>& ours = encoding().columns;
  const auto refuse = [&](const std::string& columns) {
    throw Error(ExitStatus::bad_data,
                fmt::format("{} encodes {} otherwise, so that its parameters mean something else; start without it",
                            archive.name, columns));
  };
  const bool both_of_tables = !ours.empty() && !theirs.empty();
  const auto differ = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end(), means_the_same);
  if (both_of_tables && differ.first != ours.end()) refuse('"' + differ.first->column.name + '"');
  if (both_of_tables && differ.second != theirs.end()) refuse("other columns");
  if (!both_of_tables && (!are_plain(ours) || !are_plain(theirs))) refuse("columns of a table");
  if (const auto name = first_other_name(data_.description.columns, read_description(archive).columns))
    throw Error(ExitStatus::bad_data,
                fmt::format("{} was trained on other columns, or in another order: the first that differs is \"{}\"; "
                            "start without it, or import the data with --like the set it was trained on",
                            archive.name, *name));
  read_start(archive, weight_groups(archive, WhichWeights::judged));
}

void Training::read_start(const Archive& archive, const WeightGroups& groups) {
  replica_->fill_parameters(
      [&](std::span<float> flat) { read_parameters(archive, groups.parameters, model_.graph(), flat); });
  read_states(archive, groups.statistics, model_.graph(), replica_->states());
}

bool Training::parameters_finite() {
  const bool finite = all_finite(replica_->parameters());
  return comm_.all_min(finite ? 1 : 0) == 1;
}

void Training::check_drift() {
  if (comm_.size() == 1) return;
  const std::vector<double> hashes = comm_.all_gather(own_hash(replica_->held()));
  if (slots_differ(hashes)) report_drift(replica_->held(), comm_, progress_.step);
}

Archive Training::snapshot(Archive earlier) {
  SHOAL_FAULT_POINT("snapshot");
  begin_average();
  Archive archive = std::move(earlier);
  const Graph& graph = model_.graph();
  const bool root = comm_.rank() == 0;
  if (root) {
    gathered_.resize(static_cast<std::size_t>(graph.parameter_size()));
    write_parameters(archive, Names::parameters, graph, replica_->parameters());
    write_states(archive, Names::statistics, graph, replica_->states());
    if (averages_.empty()) {
      erase_group(archive, Names::averages);
    } else {
      write_states(archive, Names::averages, graph, averages_);
    }
  }
  for (std::size_t m = 0; m < replica_->moment_names().size(); ++m) {
    replica_->gather_moment(m, gathered_);
    if (root) write_parameters(archive, Names::in(Names::moments, replica_->moment_names()[m]), graph, gathered_);
  }
  if (replica_->keeps_average()) {
    replica_->gather_average(gathered_);
    if (root) {
      write_parameters(archive, Names::averaged_parameters, graph, gathered_);
      write_states(archive, Names::averaged_statistics, graph, replica_->average_states());
    }
  } else {
    erase_group(archive, Names::averaged_parameters);
    erase_group(archive, Names::averaged_statistics);
  }
  if (!root) return archive;
  write_progress(archive, progress_);
  write_encoding(archive, encoding(), data_.description.features());
  write_target_scaling(archive, target_scaling());
  if (!class_weights_.empty()) write_class_weights(archive, class_weights_);
  write_description(archive, model_, data_.description);
  archive.texts[Names::config] = to_toml(config_);
  archive.texts[Names::journal] = "";
  archive.attributes[Names::format_version] = checkpoint_format_version;
  archive.attributes[Names::shoal_version] = std::string(version());
  archive.attributes[Names::kernel_hash] = kernel_hash(model_);
  return archive;
}

}  // namespace shoal
