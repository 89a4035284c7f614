#include "infer/export/onnx_graph.hpp"

#include <fmt/format.h>

#include <bit>

#include "shoal/core/error.hpp"
#include "shoal/core/version.hpp"

namespace shoal {
namespace {

// Numbers of the fields of a message, as onnx.proto has them.
struct ModelField {
  static constexpr int ir_version = 1, producer_name = 2, producer_version = 3, model_version = 5, graph = 7,
                       opset_import = 8, metadata_props = 14;
};
struct TensorField {
  static constexpr int dims = 1, data_type = 2, string_data = 6, name = 8, raw_data = 9;
};
struct AttributeField {
  static constexpr int name = 1, f = 2, i = 3, s = 4, ints = 8, strings = 9, type = 20;
  static constexpr std::int64_t is_float = 1, is_int = 2, is_string = 3, is_ints = 7, is_strings = 8;
};
struct NodeField {
  static constexpr int input = 1, output = 2, name = 3, op_type = 4, attribute = 5, domain = 7;
};
struct GraphField {
  static constexpr int node = 1, name = 2, initializer = 5, input = 11, output = 12;
};

constexpr std::int64_t ir_version = 8;

ProtobufMessage tensor_of(const std::string& name, const std::vector<std::int64_t>& shape, OnnxType type) {
  ProtobufMessage tensor;
  for (const std::int64_t extent : shape) tensor.add(TensorField::dims, extent);
  tensor.add(TensorField::data_type, static_cast<std::int64_t>(type));
  tensor.add(TensorField::name, name);
  return tensor;
}

template <class Bits, class T>
ProtobufMessage tensor_of_bits(const std::string& name, const std::vector<std::int64_t>& shape, OnnxType type,
                               std::span<const T> values) {
  ProtobufMessage tensor = tensor_of(name, shape, type);
  std::string raw;
  raw.reserve(values.size() * sizeof(T));
  for (const T value : values) raw += little_endian(std::bit_cast<Bits>(value));
  tensor.add(TensorField::raw_data, raw);
  return tensor;
}

ProtobufMessage value_info(const std::string& name, OnnxType type, const std::vector<std::int64_t>& shape) {
  ProtobufMessage extents;
  ProtobufMessage batch;
  batch.add(2, "batch");
  extents.add(1, batch);
  for (const std::int64_t extent : shape) {
    ProtobufMessage fixed;
    fixed.add(1, extent);
    extents.add(1, fixed);
  }
  ProtobufMessage of_tensor, of_type, info;
  of_tensor.add(1, static_cast<std::int64_t>(type));
  of_tensor.add(2, extents);
  of_type.add(1, of_tensor);
  info.add(1, name);
  info.add(2, of_type);
  return info;
}

ProtobufMessage attribute_of(const std::string& name, const OnnxAttribute& value) {
  ProtobufMessage attribute;
  attribute.add(AttributeField::name, name);
  std::int64_t type = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    attribute.add(AttributeField::i, *whole);
    type = AttributeField::is_int;
  } else if (const auto* real = std::get_if<float>(&value)) {
    attribute.add_float(AttributeField::f, *real);
    type = AttributeField::is_float;
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    attribute.add(AttributeField::s, *text);
    type = AttributeField::is_string;
  } else if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&value)) {
    for (const std::int64_t number : *numbers) attribute.add(AttributeField::ints, number);
    type = AttributeField::is_ints;
  } else {
    for (const std::string& text : std::get<std::vector<std::string>>(value))
      attribute.add(AttributeField::strings, text);
    type = AttributeField::is_strings;
  }
  attribute.add(AttributeField::type, type);
  return attribute;
}

ProtobufMessage opset_of(const std::string& domain, std::int64_t version) {
  ProtobufMessage opset;
  opset.add(1, domain);
  opset.add(2, version);
  return opset;
}

}  // namespace

ProtobufMessage onnx_tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                            std::span<const float> values) {
  return tensor_of_bits<std::uint32_t>(name, shape, OnnxType::float32, values);
}
ProtobufMessage onnx_tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                            std::span<const double> values) {
  return tensor_of_bits<std::uint64_t>(name, shape, OnnxType::float64, values);
}
ProtobufMessage onnx_tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                            std::span<const std::int64_t> values) {
  return tensor_of_bits<std::uint64_t>(name, shape, OnnxType::int64, values);
}
ProtobufMessage onnx_tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                            std::span<const std::string> values) {
  ProtobufMessage tensor = tensor_of(name, shape, OnnxType::text);
  for (const std::string& value : values) tensor.add(TensorField::string_data, value);
  return tensor;
}

std::string OnnxGraph::own_name(const std::string& name) {
  std::int64_t& tried = tried_[name];  // a wide table has an operation many thousand times
  for (;; ++tried) {
    std::string own = tried == 0 ? name : fmt::format("{}_{}", name, tried);
    if (names_.insert(own).second) return own;
  }
}

std::string OnnxGraph::input(const std::string& name, OnnxType type, const std::vector<std::int64_t>& shape) {
  if (name.empty() || !names_.insert(name).second)
    throw Error(
        ExitStatus::bad_data,
        fmt::format("ONNX takes each column by its name, and {} is called \"{}\"; give each column a name of its "
                    "own, and train anew",
                    name.empty() ? "one" : "more than one", name));
  graph_.add(GraphField::input, value_info(name, type, shape));
  return name;
}

void OnnxGraph::add_node(const std::string& made, const std::string& operation, const std::vector<std::string>& inputs,
                         const std::map<std::string, OnnxAttribute>& attributes, const std::string& domain) {
  ProtobufMessage node;
  for (const std::string& input : inputs) node.add(NodeField::input, input);
  node.add(NodeField::output, made);
  node.add(NodeField::name, made);
  node.add(NodeField::op_type, operation);
  for (const auto& [name, value] : attributes) node.add(NodeField::attribute, attribute_of(name, value));
  if (!domain.empty()) node.add(NodeField::domain, domain);
  takes_ml_ = takes_ml_ || !domain.empty();
  graph_.add(GraphField::node, node);
}

std::string OnnxGraph::node(const std::string& operation, const std::vector<std::string>& inputs,
                            const std::map<std::string, OnnxAttribute>& attributes, const std::string& domain) {
  std::string made = own_name(operation);
  add_node(made, operation, inputs, attributes, domain);
  return made;
}

std::string OnnxGraph::reshape(const std::string& value, std::vector<std::int64_t> extents) {
  extents.insert(extents.begin(), -1);
  const auto rank = std::ssize(extents);
  return node("Reshape", {value, constant("shape", {rank}, extents)});
}

std::string OnnxGraph::output(const std::string& value, const std::string& name, OnnxType type, std::int64_t columns) {
  std::string own = own_name(name);
  add_node(own, "Identity", {value}, {}, "");
  graph_.add(GraphField::output, value_info(own, type, {columns}));
  return own;
}

std::string OnnxGraph::model(const std::string& name, std::int64_t version,
                             const std::vector<std::pair<std::string, std::string>>& metadata) {
  graph_.add(GraphField::name, name);
  ProtobufMessage model;
  model.add(ModelField::ir_version, ir_version);
  model.add(ModelField::producer_name, "shoal");
  model.add(ModelField::producer_version, shoal::version());
  model.add(ModelField::model_version, version);
  model.add(ModelField::graph, graph_);
  model.add(ModelField::opset_import, opset_of("", opset));
  if (takes_ml_) model.add(ModelField::opset_import, opset_of(ml_domain, ml_opset));
  for (const auto& [key, value] : metadata) {
    ProtobufMessage entry;
    entry.add(1, key);
    entry.add(2, value);
    model.add(ModelField::metadata_props, entry);
  }
  return model.bytes();
}

}  // namespace shoal
