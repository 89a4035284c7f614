#include "shoal/infer/checkpoint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "shoal/core/error.hpp"
#include "shoal/core/hash.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/infer/model_text.hpp"
#include "shoal/io/names.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

using Names = CheckpointNames;

const NamedArray& array_of_shape(const Archive& archive, const std::string& path,
                                 const std::vector<std::int64_t>& shape) {
  const NamedArray& array = archive.array(path);
  if (array.shape != shape)
    throw Error(ExitStatus::bad_data,
                fmt::format("{} is of another model: {} has shape ({}) and must have ({})", archive.name, path,
                            fmt::join(array.shape, ", "), fmt::join(shape, ", ")));
  return array;
}

const Loss& loss_of(const Archive& archive) {
  try {
    return Loss::named(archive.attribute<std::string>(Names::loss));
  } catch (const Error& e) {
    throw Error(ExitStatus::bad_data, archive.name + ": " + e.what());
  }
}

/// In order of their paths.
std::vector<const NamedArray*> arrays_in(const Archive& archive, const char* group) {
  const std::string start = Names::in(group, "");
  std::vector<const NamedArray*> arrays;
  for (const NamedArray& array : archive.arrays) {
    if (array.path.starts_with(start)) arrays.push_back(&array);
  }
  std::sort(arrays.begin(), arrays.end(), [](const auto* a, const auto* b) { return a->path < b->path; });
  return arrays;
}

}  // namespace

Archive parse_checkpoint(std::span<const std::byte> bytes, const std::string& path) {
  Archive archive = decode(bytes, path);
  const auto version = archive.attribute<std::int64_t>(Names::format_version);
  if (version != checkpoint_format_version)
    throw Error(ExitStatus::bad_data, fmt::format("{} has format version {}; this shoal reads version {}", path,
                                                  version, checkpoint_format_version));
  return archive;
}

bool has_average(const Archive& archive) {
  const std::string group = Names::in(Names::averaged_parameters, "");
  return std::any_of(archive.arrays.begin(), archive.arrays.end(),
                     [&](const NamedArray& array) { return array.path.starts_with(group); });
}

WeightGroups weight_groups(const Archive& archive, WhichWeights which) {
  const bool averaged = has_average(archive);
  if (which == WhichWeights::average && !averaged)
    throw Error(ExitStatus::usage,
                archive.name + " keeps no average of its weights: train.average_decay was 0; take the last ones");
  if (averaged && which != WhichWeights::last) return {Names::averaged_parameters, Names::averaged_statistics};
  return {Names::parameters, Names::statistics};
}

void write_parameters(Archive& archive, const std::string& group, const Graph& graph, std::span<const float> flat) {
  constexpr std::int64_t block = 32;  // rows that a thread copies at a time: what it reads and writes is in few pages
  for (const Parameter& p : graph.parameters()) {
    NamedArray& array = archive.renew(Names::in(group, p.name), ElementType::float32, p.file_shape());
    const std::span out(reinterpret_cast<float*>(array.data.data()), array.data.size() / sizeof(float));
    parallel_for((p.rows + block - 1) / block, [&](std::int64_t i) {
      p.to_file(p.in(flat.data()), i * block, std::min(p.rows, (i + 1) * block), out);
    });
  }
}

void read_parameters(const Archive& archive, const std::string& group, const Graph& graph, std::span<float> flat) {
  for (const Parameter& p : graph.parameters()) {
    p.from_file(array_of_shape(archive, Names::in(group, p.name), p.file_shape()).values<float>(), p.in(flat.data()));
  }
}

void write_states(Archive& archive, const std::string& group, const Graph& graph, std::span<const double> states) {
  for (const State& s : graph.states()) {
    archive.put(
        make_array<double>(Names::in(group, s.name), {s.size},
                           states.subspan(static_cast<std::size_t>(s.offset), static_cast<std::size_t>(s.size))));
  }
}

void read_states(const Archive& archive, const std::string& group, const Graph& graph, std::span<double> states) {
  for (const State& s : graph.states()) {
    const auto values = array_of_shape(archive, Names::in(group, s.name), {s.size}).values<double>();
    std::copy(values.begin(), values.end(), states.begin() + s.offset);
  }
}

void write_encoding(Archive& archive, const Encoding& encoding, const std::vector<FeatureColumn>& features) {
  const Normalization& n = encoding.normalization;
  const auto size = static_cast<std::int64_t>(n.mean.size());
  archive.texts[Names::normalization_mode] = n.mode;
  archive.put(make_array<double>(Names::mean, {size}, n.mean));
  archive.put(make_array<double>(Names::deviation, {size}, n.deviation));
  if (!encoding.columns.empty()) archive.texts[Names::encoding] = encoding_text(encoding, features);
}

Encoding read_encoding(const Archive& archive) {
  const auto mean = archive.array(Names::mean).values<double>();
  const auto deviation = archive.array(Names::deviation).values<double>();
  const std::string& mode = archive.text(Names::normalization_mode);
  const auto inputs = archive.attribute<std::int64_t>(Names::inputs);
  Encoding encoding{{mode, {mean.begin(), mean.end()}, {deviation.begin(), deviation.end()}}, {}};
  std::int64_t features = inputs;
  if (archive.texts.contains(Names::encoding)) {
    const TableDescription table = table_of_text(archive.text(Names::table), archive.name);
    const Normalization normalization = std::move(encoding.normalization);
    encoding = encoding_of_text(archive.text(Names::encoding), table.features, archive.name);
    encoding.normalization = normalization;
    features = std::ssize(encoding.columns);
    if (encoding.inputs(features) != inputs)
      throw Error(ExitStatus::bad_data, fmt::format("{}: its encoding makes {} numbers of a row, and it has {} inputs",
                                                    archive.name, encoding.inputs(features), inputs));
  }
  const bool fits = mean.empty() || std::ssize(mean) == features;
  if (!fits || mean.size() != deviation.size() || (mode != "standard" && mode != "unit" && mode != "none"))
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: normalisation \"{}\" with {} means and {} deviations does not fit "
                            "{} {}",
                            archive.name, mode, mean.size(), deviation.size(), features,
                            encoding.columns.empty() ? "inputs" : "columns"));
  return encoding;
}

std::vector<LayerSpec> layers_for(const Encoding& encoding) {
  std::vector<EmbeddingShape> tables;
  for (const ColumnEncoding* column : encoding.embedded()) tables.push_back({column->places(), column->width});
  if (tables.empty()) return {};
  return {embedding_layer(tables)};
}

void require_layers_for(const Encoding& encoding, const Model& model, const std::string& name) {
  const std::vector<LayerSpec> wanted = layers_for(encoding);
  if (wanted.empty()) return;
  const auto& layers = model.layers();
  if (!layers.empty() && layers.front().type == wanted.front().type &&
      layers.front().settings == wanted.front().settings)
    return;
  throw Error(ExitStatus::bad_data, fmt::format("{}: its model does not begin with the embeddings of its encoding, {}",
                                                name, std::get<std::string>(wanted.front().settings.at("tables"))));
}

void write_target_scaling(Archive& archive, const Normalization& n) {
  if (n.mean.empty()) return;
  const auto size = static_cast<std::int64_t>(n.mean.size());
  archive.put(make_array<double>(Names::target_mean, {size}, n.mean));
  archive.put(make_array<double>(Names::target_deviation, {size}, n.deviation));
}

Normalization read_target_scaling(const Archive& archive, std::int64_t columns) {
  if (archive.find(Names::target_mean) == nullptr && archive.find(Names::target_deviation) == nullptr) return {};
  const auto mean = array_of_shape(archive, Names::target_mean, {columns}).values<double>();
  const auto deviation = array_of_shape(archive, Names::target_deviation, {columns}).values<double>();
  const auto usable = [](double v) { return std::isfinite(v); };
  if (!std::all_of(mean.begin(), mean.end(), usable) || !std::all_of(deviation.begin(), deviation.end(), usable) ||
      std::any_of(deviation.begin(), deviation.end(), [](double v) { return v <= 0.0; }))
    throw Error(ExitStatus::bad_data, archive.name + ": its targets are scaled by numbers that cannot be");
  return {"standard", {mean.begin(), mean.end()}, {deviation.begin(), deviation.end()}};
}

void write_description(Archive& archive, const Model& model, const DataDescription& data) {
  archive.texts[Names::model] = model_text(model);
  archive.attributes[Names::loss] = std::string(model.loss_kind().name);
  archive.attributes[Names::inputs] = model.inputs();
  archive.attributes[Names::outputs] = model.outputs();
  archive.attributes[Names::shape] = data.shape;
  if (!data.element.empty()) archive.attributes[Names::element] = data.element;
  archive.attributes[Names::classes] = data.classes;
  archive.attributes[Names::content] = data.content;
  put_names(archive, Names::class_names, data.class_names);
  put_names(archive, Names::target_names, data.target_names);
  if (data.table)
    archive.texts[Names::table] = table_text(*data.table);
  else
    put_names(archive, Names::columns, data.columns);
  if (data.file_columns) archive.texts[Names::file_columns] = table_text(*data.file_columns);
}

DataDescription read_description(const Archive& archive) {
  DataDescription data;
  data.shape = archive.attribute<std::vector<std::int64_t>>(Names::shape);
  data.classes = archive.attribute<std::int64_t>(Names::classes);
  data.content = archive.attribute<std::string>(Names::content);
  if (archive.attributes.contains(Names::element)) data.element = archive.attribute<std::string>(Names::element);
  if (auto names = read_names(archive, Names::class_names))
    data.class_names = *std::move(names);
  else if (data.classes > 0 && data.classes <= most_classes)
    data.class_names = number_names(data.classes);
  if (auto names = read_names(archive, Names::target_names)) data.target_names = *std::move(names);
  // Whoever made the file may have changed one without the other; rows and labels are later trusted to fit.
  const auto inputs = archive.attribute<std::int64_t>(Names::inputs);
  const auto outputs = archive.attribute<std::int64_t>(Names::outputs);
  if (archive.texts.contains(Names::table)) {
    data.table = table_of_text(archive.text(Names::table), archive.name);
    data.columns = data.table->names();
  } else if (auto names = read_names(archive, Names::columns)) {
    data.columns = *std::move(names);
  }
  if (archive.texts.contains(Names::file_columns))
    data.file_columns = table_of_text(archive.text(Names::file_columns), archive.name);
  const bool encoded = archive.texts.contains(Names::encoding);  // see read_encoding()
  const std::int64_t expected = encoded && data.table ? std::ssize(data.columns) : inputs;
  std::int64_t features = 1;
  for (const std::int64_t extent : data.shape)
    features = extent > 0 && features > 0 && extent <= expected / features ? features * extent : 0;
  if (features != expected)
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: features of shape ({}) are not its {} {}", archive.name, fmt::join(data.shape, ", "),
                            expected, encoded ? "columns" : "inputs"));
  if (!data.columns.empty() && std::ssize(data.columns) != features)
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: it names {} columns for {} features", archive.name, data.columns.size(), features));
  if (data.file_columns && std::ssize(data.file_columns->features) != features)
    throw Error(ExitStatus::bad_data, fmt::format("{}: it knows {} columns of a file for {} features", archive.name,
                                                  data.file_columns->features.size(), features));
  const auto kind = loss_of(archive).targets;
  const bool labels_fit = data.classes <= outputs || kind == Loss::Targets::numbers ||
                          (outputs == 1 && kind != Loss::Targets::class_number);
  if (data.classes < 0 || std::ssize(data.class_names) != data.classes || !labels_fit)
    throw Error(ExitStatus::bad_data, fmt::format("{}: {} classes with {} names do not fit its {} outputs",
                                                  archive.name, data.classes, data.class_names.size(), outputs));
  return data;
}

std::optional<Model> described_model(const Archive& archive) {
  if (!archive.texts.contains(Names::model)) return std::nullopt;
  Model model = model_of_text(archive.text(Names::model), archive.name);
  if (model.inputs() != archive.attribute<std::int64_t>(Names::inputs) ||
      model.outputs() != archive.attribute<std::int64_t>(Names::outputs) ||
      model.loss_kind().name != archive.attribute<std::string>(Names::loss))
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: its model of {} inputs, {} outputs and loss {} is not that of its attributes",
                            archive.name, model.inputs(), model.outputs(), model.loss_kind().name));
  require_arrays_of(archive, model);
  return model;
}

void require_arrays_of(const Archive& archive, const Model& model) {
  for (const Parameter& p : model.graph().parameters())
    array_of_shape(archive, Names::in(Names::parameters, p.name), p.file_shape());
  for (const State& s : model.graph().states()) array_of_shape(archive, Names::in(Names::statistics, s.name), {s.size});
}

std::string digest(const Archive& archive) {
  Hash hash;
  hash.add(static_cast<std::uint64_t>(archive.scalar<std::int64_t>(Names::step)));
  for (const char* name :
       {Names::parameters, Names::statistics, Names::moments, Names::averaged_parameters, Names::averaged_statistics}) {
    for (const NamedArray* array : arrays_in(archive, name)) hash.add(array->data);
  }
  return hash.hex();
}

std::string model_digest(const Archive& archive, WhichWeights which) {
  Hash hash;
  const auto add = [&](std::string_view name, std::span<const std::byte> bytes) {
    hash.add(name).add(static_cast<std::uint64_t>(bytes.size())).add(bytes);
  };
  const auto add_text = [&](std::string_view name, const std::string& text) {
    add(name, std::as_bytes(std::span(text)));
  };
  for (const char* name : {Names::model, Names::normalization_mode}) {
    const auto text = archive.texts.find(name);
    if (text != archive.texts.end()) add_text(name, text->second);
  }
  // Rows are taken by the names of columns and categories, and classes told by theirs.
  const DataDescription data = read_description(archive);
  for (const std::string& name : data.columns) add_text(Names::columns, name);
  for (const std::string& name : data.class_names) add_text(Names::class_names, name);
  const Encoding encoding = read_encoding(archive);
  std::vector<FeatureColumn> known;  // without the categories that training has not seen
  for (const ColumnEncoding& column : encoding.columns) {
    known.push_back(column.column);
    for (const std::string& category : column.column.categories) add_text(column.column.name, category);
  }
  add_text(Names::encoding, encoding_text(encoding, known));
  for (const char* name : {Names::mean, Names::deviation, Names::target_mean, Names::target_deviation}) {
    if (const NamedArray* array = archive.find(name)) add(name, array->data);
  }
  const WeightGroups groups = weight_groups(archive, which);
  for (const char* group : {groups.parameters, groups.statistics}) {
    const std::size_t start = Names::in(group, "").size();  // an average may be the last weights of another
    for (const NamedArray* array : arrays_in(archive, group)) add(array->path.substr(start), array->data);
  }
  return hash.hex();
}

void encode_checkpoint(Archive& archive, FileBytes& bytes) {
  archive.attributes[Names::digest] = digest(archive);
  encode(archive, static_cast<std::uint64_t>(archive.scalar<std::int64_t>(Names::step)), bytes);
}

}  // namespace shoal
