#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "cli/inspect.hpp"
#include "cli/output.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/checkpoint.hpp"
#include "shoal/train/kernel_check.hpp"

namespace shoal {
namespace {

using Names = CheckpointNames;

const std::string parameters = Names::in(Names::parameters, "");

/// Recomputed: the stored one must be that of what the file holds.
std::string checked_digest(const Archive& archive) {
  std::string computed = digest(archive);
  const auto& stored = archive.attribute<std::string>(Names::digest);
  if (computed != stored)
    throw Error(ExitStatus::bad_data,
                fmt::format("{} holds arrays of digest {}, but says {}; it was altered, take another checkpoint",
                            archive.name, computed, stored));
  return computed;
}

/// The epoch of the last finished update; that of the first, before any.
std::int64_t epoch_of(const RunProgress& progress) {
  return progress.position == 0 && progress.step > 0 ? progress.epoch - 1 : progress.epoch;
}

std::vector<const NamedArray*> parameters_of(const Archive& archive) {
  std::vector<const NamedArray*> found;
  for (const NamedArray& array : archive.arrays) {
    if (array.path.starts_with(parameters)) found.push_back(&array);
  }
  return found;
}

std::string name_of(const NamedArray& array) { return array.path.substr(parameters.size()); }

std::int64_t count_of(const NamedArray& array) {
  return static_cast<std::int64_t>(array.data.size() / element_bytes(array.type));
}

std::optional<std::string> parent_of(const Archive& archive) {
  if (!archive.attributes.contains(Names::parent)) return std::nullopt;
  return archive.attribute<std::string>(Names::parent);
}

std::string target_name(const DataDescription& data, std::size_t k) {
  return k < data.target_names.size() ? data.target_names[k] : std::to_string(k);
}

/// What becomes of a column, in words.
std::string encoded_as(const ColumnEncoding& column) {
  if (column.absent) return "left out: no value in training";
  if (!column.column.has_categories()) return column.missing ? "number, and whether it is missing" : "number";
  if (column.embedded()) return fmt::format("vector of {}", column.width);
  return fmt::format("one of {}", column.places());
}

std::vector<std::vector<std::string>> columns_table(const Encoding& encoding) {
  std::vector<std::vector<std::string>> rows{{"column", "type", "values", "missing is", "mean", "deviation", "input"}};
  for (std::size_t d = 0; d < encoding.columns.size(); ++d) {
    const ColumnEncoding& column = encoding.columns[d];
    const bool named = column.column.has_categories();
    const Normalization& n = encoding.normalization;
    const auto number = [&](double value) { return fmt::format("{:.6g}", value); };
    rows.push_back({column.column.name, std::string(column_type_name(column.column.type)),
                    named ? std::to_string(column.column.categories.size()) : "",
                    named ? (column.missing ? "a value" : "unseen") : number(column.fill),
                    named || n.mean.empty() ? "" : number(n.mean[d]),
                    named || n.mean.empty() ? "" : number(n.deviation[d]), encoded_as(column)});
  }
  return rows;
}

Json columns_json(const DataDescription& data, const Encoding& encoding) {
  Json list = Json::array();
  for (const std::string& name : data.columns) {
    if (encoding.columns.empty()) list.push(Json::object({{"name", name}}));
  }
  for (std::size_t d = 0; d < encoding.columns.size(); ++d) {
    const ColumnEncoding& column = encoding.columns[d];
    Json json = Json::object({{"name", column.column.name},
                              {"type", column_type_name(column.column.type)},
                              {"inputs", column.inputs()},
                              {"missing", column.missing}});
    if (column.column.has_categories()) {
      json.set("categories", column.column.categories);
      json.set("width", column.width);
    } else {
      json.set("fill", column.fill);
      if (!encoding.normalization.mean.empty()) {
        json.set("mean", encoding.normalization.mean[d]);
        json.set("deviation", encoding.normalization.deviation[d]);
      }
    }
    list.push(std::move(json));
  }
  return list;
}

/// What targets were divided by after a mean was taken off, by the names of the file's columns; empty: nothing.
std::vector<std::vector<std::string>> targets_table(const DataDescription& data, const Normalization& scaling) {
  if (scaling.mean.empty()) return {};
  std::vector<std::vector<std::string>> rows{{"target", "mean", "deviation"}};
  for (std::size_t k = 0; k < scaling.mean.size(); ++k)
    rows.push_back(
        {target_name(data, k), fmt::format("{:.6g}", scaling.mean[k]), fmt::format("{:.6g}", scaling.deviation[k])});
  return rows;
}

Json targets_json(const DataDescription& data, const Normalization& scaling) {
  Json list = Json::array();
  for (std::size_t k = 0; k < scaling.mean.size(); ++k)
    list.push(
        Json::object({{"name", target_name(data, k)}, {"mean", scaling.mean[k]}, {"deviation", scaling.deviation[k]}}));
  return list;
}

/// Without the model, which may have layers that only the program knows that made it.
Normalization target_scaling_of(const Archive& archive) {
  const NamedArray* mean = archive.find(Names::target_mean);
  return read_target_scaling(archive, mean == nullptr ? 0 : count_of(*mean));
}

std::string checkpoint_json(const Archive& archive) {
  const RunProgress progress = read_progress(archive);
  const DataDescription data = read_description(archive);
  const Config config = read_config(archive);
  Json json = Json::object({
      {"kind", "checkpoint"},
      {"step", progress.step},
      {"epoch", epoch_of(progress)},
      {"digest", checked_digest(archive)},
      {"optimizer", config.optimizer.name},
      {"loss", archive.attribute<std::string>(Names::loss)},
      {"normalize", archive.text(Names::normalization_mode)},
      {"shape", data.shape},
      {"classes", data.classes},
      {"class_names", data.class_names},
      {"content", data.content},
      {"weights",
       has_average(archive) ? std::vector<std::string>{"last", "average"} : std::vector<std::string>{"last"}},
      {"shoal_version", archive.attribute<std::string>(Names::shoal_version)},
      {"kernel_hash", archive.attribute<std::string>(Names::kernel_hash)},
  });
  if (!data.columns.empty()) json.set("columns", columns_json(data, read_encoding(archive)));
  if (const Normalization scaling = target_scaling_of(archive); !scaling.mean.empty())
    json.set("targets", targets_json(data, scaling));
  if (const auto parent = parent_of(archive)) json.set("parent", *parent);
  Json arrays = Json::array();
  std::int64_t total = 0;
  for (const NamedArray* array : parameters_of(archive)) {
    arrays.push(Json::object({{"name", name_of(*array)}, {"shape", array->shape}}));
    total += count_of(*array);
  }
  json.set("parameters", std::move(arrays));
  json.set("parameter_count", total);
  json.set("config", archive.text(Names::config));
  return json.text(2) + '\n';
}

std::string checkpoint_text(const Archive& archive) {
  const RunProgress progress = read_progress(archive);
  const DataDescription data = read_description(archive);
  const Config config = read_config(archive);
  std::vector<std::vector<std::string>> rows{
      {"checkpoint", archive.name},
      {"step", std::to_string(progress.step)},
      {"epoch", std::to_string(epoch_of(progress))},
      {"optimizer", config.optimizer.name},
      {"loss", archive.attribute<std::string>(Names::loss)},
      {"normalize", archive.text(Names::normalization_mode)},
      {"features", shape_text(data.shape)},
      {"classes", classes_text(data.class_names)},
      {"content", data.content},
      {"written by", fmt::format("shoal {}, kernel hash {}", archive.attribute<std::string>(Names::shoal_version),
                                 archive.attribute<std::string>(Names::kernel_hash))},
  };
  if (config.data.train != DataConfig().train)
    rows.push_back({"trained on", fmt::format("{}", fmt::join(config.data.train, " + "))});
  if (const auto parent = parent_of(archive)) rows.push_back({"parent", *parent});
  if (has_average(archive)) rows.push_back({"weights", "last, average (which is judged)"});
  rows.push_back({"digest", checked_digest(archive)});

  std::vector<std::vector<std::string>> layers{{"parameter", "shape", "numbers"}};
  std::int64_t total = 0;
  for (const NamedArray* array : parameters_of(archive)) {
    layers.push_back({name_of(*array), shape_text(array->shape), std::to_string(count_of(*array))});
    total += count_of(*array);
  }
  layers.push_back({"total", "", std::to_string(total)});
  const Encoding encoding = read_encoding(archive);
  const std::string columns = encoding.columns.empty() ? "" : align(columns_table(encoding)) + '\n';
  const auto scaled = targets_table(data, target_scaling_of(archive));
  const std::string targets = scaled.empty() ? "" : align(scaled) + '\n';
  return align(rows) + '\n' + columns + targets + align(layers);
}

}  // namespace

std::string inspect_checkpoint(const std::string& path, bool json) {
  const Archive archive = parse_checkpoint(read_checkpoint(path), path);
  return json ? checkpoint_json(archive) : checkpoint_text(archive);
}

}  // namespace shoal
