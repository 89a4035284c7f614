#include "shoal/train/checkpoint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "shoal/core/error.hpp"
#include "shoal/core/hash.hpp"
#include "shoal/io/names.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

std::vector<std::int64_t> file_shape(const Parameter& p) {
  return p.vector ? std::vector<std::int64_t>{p.columns} : std::vector<std::int64_t>{p.rows, p.columns};
}

const NamedArray& array_of_shape(const Archive& archive, const std::string& path,
                                 const std::vector<std::int64_t>& shape) {
  const NamedArray& array = archive.array(path);
  if (array.shape != shape)
    throw Error(ExitStatus::bad_data,
                fmt::format("{} is of another model: {} has shape ({}) and must have ({})", archive.name, path,
                            fmt::join(array.shape, ", "), fmt::join(shape, ", ")));
  return array;
}

Loss loss_by_name(const std::string& name) {
  for (Loss loss : {Loss::softmax, Loss::sigmoid, Loss::mse}) {
    if (to_string(loss) == name) return loss;
  }
  throw Error(ExitStatus::bad_data, "a checkpoint with the unknown loss \"" + name + "\"");
}

}  // namespace

void write_parameters(Archive& archive, const std::string& group, const Graph& graph, std::span<const float> flat) {
  constexpr std::int64_t block = 32;  // rows that a thread copies at a time: what it reads and writes is in few pages
  for (const Parameter& p : graph.parameters()) {
    NamedArray& array = archive.renew(group + "/" + p.name, ElementType::float32, file_shape(p));
    const std::span out(reinterpret_cast<float*>(array.data.data()), array.data.size() / sizeof(float));
    parallel_for((p.rows + block - 1) / block, [&](std::int64_t i) {
      unpack_rows(p.in(flat.data()), i * block, std::min(p.rows, (i + 1) * block), out);
    });
  }
}

void read_parameters(const Archive& archive, const std::string& group, const Graph& graph, std::span<float> flat) {
  for (const Parameter& p : graph.parameters()) {
    pack(array_of_shape(archive, group + "/" + p.name, file_shape(p)).values<float>(), p.in(flat.data()), p.rows);
  }
}

void write_states(Archive& archive, const std::string& group, const Graph& graph, std::span<const double> states) {
  for (const State& s : graph.states()) {
    archive.put(
        make_array<double>(group + "/" + s.name, {s.size},
                           states.subspan(static_cast<std::size_t>(s.offset), static_cast<std::size_t>(s.size))));
  }
}

void read_states(const Archive& archive, const std::string& group, const Graph& graph, std::span<double> states) {
  for (const State& s : graph.states()) {
    const auto values = array_of_shape(archive, group + "/" + s.name, {s.size}).values<double>();
    std::copy(values.begin(), values.end(), states.begin() + s.offset);
  }
}

void write_progress(Archive& archive, const RunProgress& p) {
  const auto put = [&](const char* name, auto value) {
    archive.put(make_scalar("progress/" + std::string(name), value));
  };
  put("step", p.step);
  put("epoch", p.epoch);
  put("position", p.position);
  put("epoch_loss", p.epoch_loss);
  put("epoch_right", p.epoch_right);
  put("best_step", p.best_step);
  put("best_loss", p.best_loss);
  put("least_loss", p.least_loss);
  put("stale_evaluations", p.stale_evaluations);
}

RunProgress read_progress(const Archive& archive) {
  RunProgress p;
  const auto get = [&](const char* name, auto& value) {
    value = archive.scalar<std::remove_reference_t<decltype(value)>>("progress/" + std::string(name));
  };
  get("step", p.step);
  get("epoch", p.epoch);
  get("position", p.position);
  get("epoch_loss", p.epoch_loss);
  get("epoch_right", p.epoch_right);
  get("best_step", p.best_step);
  get("best_loss", p.best_loss);
  const auto has = [&](const NamedArray& array) { return array.path == "progress/least_loss"; };
  if (std::any_of(archive.arrays.begin(), archive.arrays.end(), has)) {
    get("least_loss", p.least_loss);
  } else if (p.best_step >= 0) {  // of a version that knew one of the two
    p.least_loss = p.best_loss;
  }
  get("stale_evaluations", p.stale_evaluations);
  constexpr std::int64_t most_steps = std::int64_t{1} << 40;  // more would overflow when samples are counted
  if (p.step < 0 || p.step > most_steps || p.epoch < 1 || p.epoch > most_steps || p.position < 0)
    throw Error(ExitStatus::bad_data, fmt::format("{}: progress of step {}, epoch {}, position {} cannot be",
                                                  archive.name, p.step, p.epoch, p.position));
  return p;
}

void write_normalization(Archive& archive, const Normalization& n) {
  const auto size = static_cast<std::int64_t>(n.mean.size());
  archive.texts["normalization/mode"] = n.mode;
  archive.put(make_array<double>("normalization/mean", {size}, n.mean));
  archive.put(make_array<double>("normalization/deviation", {size}, n.deviation));
}

Normalization read_normalization(const Archive& archive) {
  const auto mean = archive.array("normalization/mean").values<double>();
  const auto deviation = archive.array("normalization/deviation").values<double>();
  const std::string& mode = archive.text("normalization/mode");
  const auto inputs = archive.attribute<std::int64_t>("inputs");
  const bool fits = mean.empty() || std::ssize(mean) == inputs;
  if (!fits || mean.size() != deviation.size() || (mode != "standard" && mode != "unit" && mode != "none"))
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: normalisation \"{}\" with {} means and {} deviations does not fit "
                            "{} inputs",
                            archive.name, mode, mean.size(), deviation.size(), inputs));
  return {mode, {mean.begin(), mean.end()}, {deviation.begin(), deviation.end()}};
}

void write_description(Archive& archive, const Model& model, const DataDescription& data) {
  archive.attributes["loss"] = to_string(model.loss_kind());
  archive.attributes["inputs"] = model.inputs();
  archive.attributes["outputs"] = model.outputs();
  archive.attributes["shape"] = data.shape;
  archive.attributes["classes"] = data.classes;
  archive.attributes["content"] = data.content;
  put_names(archive, "class_names", data.class_names);
}

DataDescription read_description(const Archive& archive) {
  DataDescription data;
  data.shape = archive.attribute<std::vector<std::int64_t>>("shape");
  data.classes = archive.attribute<std::int64_t>("classes");
  data.content = archive.attribute<std::string>("content");
  if (auto names = read_names(archive, "class_names"))
    data.class_names = *std::move(names);
  else if (data.classes > 0 && data.classes <= most_classes)
    data.class_names = number_names(data.classes);
  // Whoever made the file may have changed one without the other; rows and labels are later trusted to fit.
  const auto inputs = archive.attribute<std::int64_t>("inputs");
  const auto outputs = archive.attribute<std::int64_t>("outputs");
  std::int64_t features = 1;
  for (const std::int64_t extent : data.shape)
    features = extent > 0 && features > 0 && extent <= inputs / features ? features * extent : 0;
  if (features != inputs)
    throw Error(ExitStatus::bad_data, fmt::format("{}: features of shape ({}) are not its {} inputs", archive.name,
                                                  fmt::join(data.shape, ", "), inputs));
  const bool labels_fit =
      data.classes <= outputs || (outputs == 1 && archive.attribute<std::string>("loss") != "softmax");
  if (data.classes < 0 || std::ssize(data.class_names) != data.classes || !labels_fit)
    throw Error(ExitStatus::bad_data, fmt::format("{}: {} classes with {} names do not fit its {} outputs",
                                                  archive.name, data.classes, data.class_names.size(), outputs));
  return data;
}

std::string digest(const Archive& archive) {
  Hash hash;
  hash.add(static_cast<std::uint64_t>(archive.scalar<std::int64_t>("progress/step")));
  for (const char* group : {"parameters/", "batch_norm/", "optimizer/"}) {
    std::vector<const NamedArray*> arrays;
    for (const NamedArray& array : archive.arrays) {
      if (array.path.starts_with(group)) arrays.push_back(&array);
    }
    std::sort(arrays.begin(), arrays.end(), [](const auto* a, const auto* b) { return a->path < b->path; });
    for (const NamedArray* array : arrays) hash.add(array->data);
  }
  return hash.hex();
}

void encode_checkpoint(Archive& archive, FileBytes& bytes) {
  archive.attributes["digest"] = digest(archive);
  encode(archive, static_cast<std::uint64_t>(archive.scalar<std::int64_t>("progress/step")), bytes);
}

Config read_config(const Archive& archive) {
  try {
    return parse_config(archive.text("config"), "the config in " + archive.name, "/");
  } catch (const Error& e) {
    throw Error(ExitStatus::bad_data, e.what());
  }
}

std::vector<LayerSpec> layers_of(const ModelConfig& config) {
  if (!config.layers.empty()) return config.layers;
  MlpOptions options;
  options.hidden = config.depth > 0 ? std::vector<std::int64_t>(static_cast<std::size_t>(config.depth), config.width)
                                    : config.hidden;
  options.activation = config.activation;
  options.batch_norm = config.batch_norm.enabled;
  options.batch_norm_after_activation = config.batch_norm.position == "after_activation";
  options.batch_norm_epsilon = config.batch_norm.epsilon;
  options.batch_norm_momentum = config.batch_norm.momentum;
  options.dropout = config.dropout;
  options.init = config.init;
  return mlp_layers(options);
}

Model read_model(const Archive& archive) {
  const Config config = read_config(archive);
  const auto inputs = archive.attribute<std::int64_t>("inputs");
  const auto outputs = archive.attribute<std::int64_t>("outputs");
  const Loss loss = loss_by_name(archive.attribute<std::string>("loss"));
  Model model = [&]() -> Model {
    try {
      return {inputs, layers_of(config.model), outputs, loss, config.model.init};
    } catch (const Error& e) {
      throw Error(ExitStatus::bad_data, archive.name + ": " + e.what());
    }
  }();
  // Before anybody takes memory for a model that is not in the file.
  for (const Parameter& p : model.graph().parameters()) array_of_shape(archive, "parameters/" + p.name, file_shape(p));
  for (const State& s : model.graph().states()) array_of_shape(archive, "batch_norm/" + s.name, {s.size});
  return model;
}

Archive parse_checkpoint(std::span<const std::byte> bytes, const std::string& path) {
  Archive archive = decode(bytes, path);
  const auto version = archive.attribute<std::int64_t>("format_version");
  if (version != checkpoint_format_version)
    throw Error(ExitStatus::bad_data, fmt::format("{} has format version {}; this shoal reads version {}", path,
                                                  version, checkpoint_format_version));
  return archive;
}

}  // namespace shoal
