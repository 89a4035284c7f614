#include "infer/export/onnx_graph.hpp"

#include <fmt/format.h>

#include <bit>

#include "shoal/core/error.hpp"
#include "shoal/core/version.hpp"

namespace shoal {
namespace {

// Numbers of the fields of a message, as onnx.proto has them.
struct Model {
  static constexpr int ir_version = 1, producer_name = 2, producer_version = 3, model_version = 5, graph = 7,
                       opset_import = 8, metadata_props = 14;
};
struct Tensor {
  static constexpr int dims = 1, data_type = 2, string_data = 6, name = 8, raw_data = 9;
};
struct Attribute {
  static constexpr int name = 1, f = 2, i = 3, s = 4, ints = 8, strings = 9, type = 20;
  static constexpr std::int64_t is_float = 1, is_int = 2, is_string = 3, is_ints = 7, is_strings = 8;
};
struct Node {
  static constexpr int input = 1, output = 2, name = 3, op_type = 4, attribute = 5, domain = 7;
};
struct Graph {
  static constexpr int node = 1, name = 2, initializer = 5, input = 11, output = 12;
};

constexpr std::int64_t ir_version = 8;

ProtobufMessage tensor_of(const std::string& name, const std::vector<std::int64_t>& shape, OnnxType type) {
  ProtobufMessage tensor;
  for (const std::int64_t extent : shape) tensor.add(Tensor::dims, extent);
  tensor.add(Tensor::data_type, static_cast<std::int64_t>(type));
  tensor.add(Tensor::name, name);
  return tensor;
}

template <class Bits, class T>
ProtobufMessage tensor_of_bits(const std::string& name, const std::vector<std::int64_t>& shape, OnnxType type,
                               std::span<const T> values) {
  ProtobufMessage tensor = tensor_of(name, shape, type);
  std::string raw;
  raw.reserve(values.size() * sizeof(T));
  for (const T value : values) raw += little_endian(std::bit_cast<Bits>(value));
  tensor.add(Tensor::raw_data, raw);
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
  attribute.add(Attribute::name, name);
  std::int64_t type = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    attribute.add(Attribute::i, *whole);
    type = Attribute::is_int;
  } else if (const auto* real = std::get_if<float>(&value)) {
    attribute.add_float(Attribute::f, *real);
    type = Attribute::is_float;
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    attribute.add(Attribute::s, *text);
    type = Attribute::is_string;
  } else if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&value)) {
    for (const std::int64_t number : *numbers) attribute.add(Attribute::ints, number);
    type = Attribute::is_ints;
  } else {
    for (const std::string& text : std::get<std::vector<std::string>>(value)) attribute.add(Attribute::strings, text);
    type = Attribute::is_strings;
  }
  attribute.add(Attribute::type, type);
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
  for (const std::string& value : values) tensor.add(Tensor::string_data, value);
  return tensor;
}

std::string OnnxGraph::own_name(const std::string& name) {
  std::string own = name;
  for (int k = 1; !names_.insert(own).second; ++k) own = fmt::format("{}_{}", name, k);
  return own;
}

std::string OnnxGraph::input(const std::string& name, OnnxType type, const std::vector<std::int64_t>& shape) {
  if (name.empty() || !names_.insert(name).second)
    throw Error(ExitStatus::bad_data,
                fmt::format("ONNX takes each column by its name, and {} is called \"{}\"; give each column a name of its "
                            "own, and train anew",
                            name.empty() ? "one" : "more than one", name));
  graph_.add(Graph::input, value_info(name, type, shape));
  return name;
}

std::string OnnxGraph::node(const std::string& operation, const std::vector<std::string>& inputs,
                            const std::map<std::string, OnnxAttribute>& attributes, const std::string& domain) {
  const std::string made = own_name(operation);
  ProtobufMessage node;
  for (const std::string& input : inputs) node.add(Node::input, input);
  node.add(Node::output, made);
  node.add(Node::name, made);
  node.add(Node::op_type, operation);
  for (const auto& [name, value] : attributes) node.add(Node::attribute, attribute_of(name, value));
  if (!domain.empty()) node.add(Node::domain, domain);
  takes_ml_ = takes_ml_ || !domain.empty();
  graph_.add(Graph::node, node);
  return made;
}

std::string OnnxGraph::reshape(const std::string& value, std::vector<std::int64_t> extents) {
  extents.insert(extents.begin(), -1);
  const auto rank = std::ssize(extents);
  return node("Reshape", {value, constant("shape", {rank}, extents)});
}

std::string OnnxGraph::output(const std::string& value, const std::string& name, OnnxType type, std::int64_t columns) {
  const std::string own = own_name(name);
  ProtobufMessage node;
  node.add(Node::input, value);
  node.add(Node::output, own);
  node.add(Node::name, own);
  node.add(Node::op_type, "Identity");
  graph_.add(Graph::node, node);
  graph_.add(Graph::output, value_info(own, type, {columns}));
  return own;
}

std::string OnnxGraph::model(const std::string& name, std::int64_t version,
                             const std::vector<std::pair<std::string, std::string>>& metadata) {
  graph_.add(Graph::name, name);
  ProtobufMessage model;
  model.add(Model::ir_version, ir_version);
  model.add(Model::producer_name, "shoal");
  model.add(Model::producer_version, shoal::version());
  model.add(Model::model_version, version);
  model.add(Model::graph, graph_);
  model.add(Model::opset_import, opset_of("", opset));
  if (takes_ml_) model.add(Model::opset_import, opset_of(ml_domain, ml_opset));
  for (const auto& [key, value] : metadata) {
    ProtobufMessage entry;
    entry.add(1, key);
    entry.add(2, value);
    model.add(Model::metadata_props, entry);
  }
  return model.bytes();
}

}  // namespace shoal
