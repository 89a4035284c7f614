#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shoal/graph/initializer.hpp"
#include "shoal/graph/operation.hpp"

namespace shoal {

class Graph;

/// A value of a graph: a handle, valid as long as the graph.
class Value {
 public:
  Value() = default;
  Value(Graph& graph, std::size_t id) : graph_(&graph), id_(id) {}

  Graph& graph() const { return *graph_; }
  std::size_t id() const { return id_; }
  const ValueShape& shape() const;
  /// Column i of each row: shape (rows, 1). @throws Error (usage) when there is no such column.
  Value operator[](std::int64_t column) const;
  /// The number that a variable of one element holds; see Graph::value.
  float item() const;

 private:
  Graph* graph_ = nullptr;
  std::size_t id_ = 0;
};

/// A trained array: a named slice of the flat buffers that hold all parameters, gradients or moments, in panels.
struct Parameter {
  std::string name;
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::int64_t offset = 0;  ///< elements into the flat buffer
  Initializer initializer;
  bool decay = false;  ///< l2 and weight_decay act on it
  std::size_t node = 0;
  /// As declared: (columns), (rows, columns), or (height, width, channels, units) of a convolution.
  std::vector<std::int64_t> declared;

  std::int64_t size() const { return padded_size(rows, columns); }
  /// In files: as declared, and of a convolution (units, channels, height, width), as PyTorch and ONNX have it.
  std::vector<std::int64_t> file_shape() const;
  /// Copies rows [first, last) into row-major numbers of that shape, or all rows from them; padding becomes 0.
  void to_file(Panels<const float> panels, std::int64_t first, std::int64_t last, std::span<float> numbers) const;
  void from_file(std::span<const float> numbers, Panels<float> panels) const;

  template <class T>
  Panels<T> in(T* flat) const {
    return {flat + offset, rows, columns};
  }
};

/// A slice of the flat float64 buffer of running statistics.
struct State {
  std::string name;  ///< <owner>/<name>
  std::int64_t size = 0;
  std::int64_t offset = 0;
  double initial = 0.0;
};

struct Node {
  enum class Kind { input, parameter, operation };
  Kind kind = Kind::input;
  std::string name;
  ValueShape shape;
  std::shared_ptr<const Operation> operation;
  std::vector<std::size_t> inputs;
  std::size_t parameter = 0;
  bool needs_gradient = false;
  std::int64_t state_offset = 0;
  std::int64_t state_size = 0;
};

/// A computation declared once, forward only; the backward pass, the buffers and the points where sums over the whole
/// batch are needed follow from it. Values are in order of declaration: each uses earlier ones alone.
class Graph {
 public:
  /// A row of `columns` numbers per sample, fed from outside. @throws Error (usage) for fewer than 1, as all of these.
  Value input(const std::string& name, std::int64_t columns);
  /// A value per sample of any shape, fed from outside; see image_shape().
  Value input(const std::string& name, const ValueShape& shape);
  /// A whole value fed from outside: coefficients and the like. shape: (columns) or (rows, columns).
  Value placeholder(const std::string& name, const std::vector<std::int64_t>& shape);
  /// A trained array. shape: (columns), (rows, columns), or (height, width, channels, units) of a convolution, whose
  /// rows are the first three.
  /// @param name  words with slashes between, which are groups of a checkpoint
  /// @throws Error (usage)  when the name is taken, has an empty word, "." or "..", or is a group of another: "q"
  ///         beside "q/w"
  Value variable(const std::string& name, const std::vector<std::int64_t>& shape, const Initializer& initializer,
                 bool decay = false);
  /// @param inputs  1 to RowBlock::most_inputs
  /// @param name    owner of the operation's running statistics, if it has any
  /// @throws Error (usage)  another has statistics of that name, or the values are of two graphs
  Value apply(std::shared_ptr<const Operation> operation, const std::vector<Value>& inputs,
              const std::string& name = "");

  std::span<const Node> nodes() const { return nodes_; }
  std::span<const Parameter> parameters() const { return parameters_; }
  std::span<const State> states() const { return states_; }
  std::int64_t parameter_size() const;  ///< elements of a flat buffer
  std::int64_t state_size() const;
  /// Starts of the chunks of a flat buffer, and its end. A chunk is 1,024 elements counted from its parameter's own
  /// start; the last of a parameter may be short.
  std::vector<std::int64_t> chunks() const;

  void initialize(std::uint64_t seed, std::span<float> parameters) const;
  void initialize_states(std::span<double> states) const;

  /// Elements of a variable in row-major order, as `minimize` left them; before that its initial value for seed 1.
  std::vector<float> value(Value variable) const;
  /// The same of all variables, as a flat buffer.
  std::vector<float> values() const;
  void set_values(std::span<const float> parameters);

 private:
  Node& add(Node node);
  std::vector<Node> nodes_;
  std::vector<Parameter> parameters_;
  std::vector<State> states_;
  std::vector<float> values_;
};

inline constexpr std::int64_t chunk_size = 1024;

}  // namespace shoal
