#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shoal/io/protobuf.hpp"

namespace shoal {

/// Types of numbers in ONNX, by their numbers there.
enum class OnnxType : std::int64_t { float32 = 1, int64 = 7, text = 8, float64 = 11 };

/// Of a node; a list of texts, numbers, a number, or a text.
using OnnxAttribute =
    std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<std::string>>;

/// A tensor with its numbers.
ProtobufMessage onnx_tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                            std::span<const float> values);
ProtobufMessage onnx_tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                            std::span<const double> values);
ProtobufMessage onnx_tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                            std::span<const std::int64_t> values);
ProtobufMessage onnx_tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                            std::span<const std::string> values);

/// A graph of ONNX under way. Values are known by name; the first extent of inputs and outputs is "batch".
/// Source: onnx/onnx.proto of ONNX 1.12.
class OnnxGraph {
 public:
  static constexpr std::int64_t opset = 17;
  static constexpr std::int64_t ml_opset = 2;
  static constexpr const char* ml_domain = "ai.onnx.ml";

  /// @param shape  without the batch. @throws Error(bad_data)  for a name that is empty or taken
  std::string input(const std::string& name, OnnxType type, const std::vector<std::int64_t>& shape);
  template <class T>
  std::string constant(const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<T>& values) {
    std::string own = own_name(name);
    graph_.add(5, onnx_tensor(own, shape, std::span<const T>(values)));
    return own;
  }
  std::string scalar(float value) { return constant<float>("number", {}, {value}); }
  /// One output. @returns its name
  std::string node(const std::string& operation, const std::vector<std::string>& inputs,
                   const std::map<std::string, OnnxAttribute>& attributes = {}, const std::string& domain = "");
  std::string cast(const std::string& value, OnnxType type) {
    return node("Cast", {value}, {{"to", static_cast<std::int64_t>(type)}});
  }
  /// To (batch, extents...).
  std::string reshape(const std::string& value, std::vector<std::int64_t> extents);
  /// Makes `value` the output, by a name that is free. @returns it
  std::string output(const std::string& value, const std::string& name, OnnxType type, std::int64_t columns);

  /// As a model of IR version 8. @param metadata  each key once
  std::string model(const std::string& name, std::int64_t version,
                    const std::vector<std::pair<std::string, std::string>>& metadata);

 private:
  void add_node(const std::string& made, const std::string& operation, const std::vector<std::string>& inputs,
                const std::map<std::string, OnnxAttribute>& attributes, const std::string& domain);
  std::string own_name(const std::string& name);

  ProtobufMessage graph_;
  std::set<std::string> names_;
  std::map<std::string, std::int64_t> tried_;  // how many names that begin so are known to be taken
  bool takes_ml_ = false;
};

}  // namespace shoal
