#include "shoal/graph/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "graph/initial_rows.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/utf8.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

ValueShape whole_shape(const std::string& name, const std::vector<std::int64_t>& shape) {
  if (shape.empty() || shape.size() == 3 || shape.size() > 4)
    throw Error(ExitStatus::usage, fmt::format("\"{}\" has {} dimensions; give (columns), (rows, columns) or (height, "
                                               "width, channels, units)",
                                               name, shape.size()));
  for (std::int64_t n : shape) {
    if (n < 1)
      throw Error(ExitStatus::usage, fmt::format("\"{}\" has a dimension of {}; each must be 1 or more", name, n));
  }
  constexpr double most = 0x1p48;  // more than any host holds, and room to add in 64 bits
  double numbers = 1.0;
  for (const std::int64_t n : shape) numbers *= static_cast<double>(n);
  if (numbers > most)
    throw Error(ExitStatus::usage,
                fmt::format("\"{}\" would hold {:.2g} numbers; use fewer units or channels", name, numbers));
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return {false, rows, shape.back()};
}

/// Where element (row, column) of a convolution's weight stands in a file.
std::int64_t place_in_file(std::span<const std::int64_t> declared, std::int64_t row, std::int64_t column) {
  const std::int64_t positions = declared[0] * declared[1];
  const std::int64_t channels = declared[2];
  return (column * channels + row % channels) * positions + row / channels;
}

/// Each part between slashes names a group of a checkpoint, and the last one an array in it.
bool can_be_stored(const std::string& name) {
  constexpr std::size_t longest = 1024;
  if (name.size() > longest || !is_utf8(name)) return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = std::string_view(name).substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return std::none_of(name.begin(), name.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
}

/// Whether `name` would lie in what `other` names: an array cannot be a group as well.
bool lies_in(const std::string& name, const std::string& other) {
  return name.size() > other.size() && name[other.size()] == '/' && name.starts_with(other);
}

void check_variable_name(const std::string& name, std::span<const Parameter> others) {
  if (!can_be_stored(name))
    throw Error(ExitStatus::usage,
                fmt::format("a variable cannot have the name \"{}\", as it could not be saved; use words of UTF-8 with "
                            "a slash between them, none of them empty, \".\" or \"..\"",
                            escape_non_utf8(name)));
  for (const Parameter& other : others) {
    if (other.name == name)
      throw Error(ExitStatus::usage, "there are two variables \"" + name + "\"; give each its own name");
    if (lies_in(name, other.name) || lies_in(other.name, name))
      throw Error(ExitStatus::usage,
                  fmt::format("the variables \"{}\" and \"{}\" cannot be saved beside each other, as "
                              "one would lie in the other; give one another name",
                              other.name, name));
  }
}

}  // namespace

std::vector<std::int64_t> Parameter::file_shape() const {
  if (declared.size() < 4) return declared;
  return {declared[3], declared[2], declared[0], declared[1]};
}

void Parameter::to_file(Panels<const float> panels, std::int64_t first, std::int64_t last,
                        std::span<float> numbers) const {
  if (declared.size() < 4) return unpack_rows(panels, first, last, numbers);
  for (std::int64_t r = first; r < last; ++r) {
    for (std::int64_t c = 0; c < columns; ++c)
      numbers[static_cast<std::size_t>(place_in_file(declared, r, c))] = panels.at(r, c);
  }
}

void Parameter::from_file(std::span<const float> numbers, Panels<float> panels) const {
  if (declared.size() < 4) return pack(numbers, panels, rows);
  std::fill_n(panels.data, size(), 0.0f);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c)
      panels.at(r, c) = numbers[static_cast<std::size_t>(place_in_file(declared, r, c))];
  }
}

std::string to_string(const ValueShape& shape) {
  if (!shape.per_sample) return fmt::format("({}, {})", shape.rows, shape.columns);
  if (shape.rows == 1) return fmt::format("(samples, {})", shape.columns);
  return fmt::format("(samples, {}, {}, {})", shape.columns, shape.height(), shape.width);
}

const ValueShape& Value::shape() const { return graph_->nodes()[id_].shape; }

float Value::item() const {
  const std::vector<float> all = graph_->value(*this);
  if (all.size() != 1)
    throw Error(ExitStatus::usage, fmt::format("item() of a value of {} elements; use Graph::value", all.size()));
  return all[0];
}

Node& Graph::add(Node node) {
  nodes_.push_back(std::move(node));
  return nodes_.back();
}

Value Graph::input(const std::string& name, std::int64_t columns) { return input(name, ValueShape{true, 1, columns}); }

Value Graph::input(const std::string& name, const ValueShape& shape) {
  assert(shape.per_sample);
  if (shape.rows < 1 || shape.columns < 1 || shape.width < 1)
    throw Error(ExitStatus::usage,
                fmt::format("the input \"{}\" of shape {}; each dimension must be 1 or more", name, to_string(shape)));
  Node node;
  node.name = name;
  node.shape = shape;
  add(std::move(node));
  return {*this, nodes_.size() - 1};
}

Value Graph::placeholder(const std::string& name, const std::vector<std::int64_t>& shape) {
  Node node;
  node.name = name;
  node.shape = whole_shape(name, shape);
  add(std::move(node));
  return {*this, nodes_.size() - 1};
}

Value Graph::variable(const std::string& name, const std::vector<std::int64_t>& shape, const Initializer& initializer,
                      bool decay) {
  check_variable_name(name, parameters_);
  Node node;
  node.kind = Node::Kind::parameter;
  node.name = name;
  node.shape = whole_shape(name, shape);
  node.parameter = parameters_.size();
  node.needs_gradient = true;
  parameters_.push_back(
      {name, node.shape.rows, node.shape.columns, parameter_size(), initializer, decay, nodes_.size(), shape});
  add(std::move(node));
  return {*this, nodes_.size() - 1};
}

Value Graph::apply(std::shared_ptr<const Operation> operation, const std::vector<Value>& inputs,
                   const std::string& name) {
  if (inputs.empty() || inputs.size() > RowBlock<float>::most_inputs)
    throw Error(ExitStatus::usage, fmt::format("{} of {} values; an operation takes 1 to {}", operation->name(),
                                               inputs.size(), RowBlock<float>::most_inputs));
  Node node;
  node.kind = Node::Kind::operation;
  node.name = name.empty() ? std::string(operation->name()) : name;
  std::vector<ValueShape> shapes;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (&inputs[i].graph() != this)
      throw Error(ExitStatus::usage,
                  fmt::format("{} takes values of two graphs; build each expression in one", operation->name()));
    node.inputs.push_back(inputs[i].id());
    shapes.push_back(inputs[i].shape());
    if (operation->differentiable(i) && nodes_[inputs[i].id()].needs_gradient) node.needs_gradient = true;
  }
  node.shape = operation->shape(shapes);
  node.state_offset = state_size();
  for (const StateSpec& spec : operation->states(shapes)) {
    const std::string state = node.name + "/" + spec.name;
    if (std::ranges::find(states_, state, &State::name) != states_.end())
      throw Error(ExitStatus::usage, fmt::format("two operations called \"{}\" keep a {} each; give one another name",
                                                 node.name, spec.name));
    states_.push_back({state, spec.size, state_size(), spec.initial});
    node.state_size += spec.size;
  }
  node.operation = std::move(operation);
  add(std::move(node));
  return {*this, nodes_.size() - 1};
}

std::int64_t Graph::parameter_size() const {
  return parameters_.empty() ? 0 : parameters_.back().offset + parameters_.back().size();
}

std::int64_t Graph::state_size() const { return states_.empty() ? 0 : states_.back().offset + states_.back().size; }

std::vector<std::int64_t> Graph::chunks() const {
  std::vector<std::int64_t> begins;
  for (const Parameter& parameter : parameters_) {
    for (std::int64_t at = 0; at < parameter.size(); at += chunk_size) begins.push_back(parameter.offset + at);
  }
  begins.push_back(parameter_size());
  return begins;
}

void Graph::initialize(std::uint64_t seed, std::span<float> parameters) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& p = parameters_[i];
    const Panels<float> panels = p.in(parameters.data());
    parallel_for(p.rows, [&](std::int64_t r) {
      std::vector<double> row(static_cast<std::size_t>(p.columns));
      initialize_row(p.initializer, seed, static_cast<std::uint32_t>(i), p.rows, r, row);
      for (std::int64_t c = 0; c < p.columns; ++c)
        panels.at(r, c) = static_cast<float>(row[static_cast<std::size_t>(c)]);
    });
  }
}

void Graph::initialize_states(std::span<double> states) const {
  for (const State& state : states_) {
    for (std::int64_t i = 0; i < state.size; ++i) states[static_cast<std::size_t>(state.offset + i)] = state.initial;
  }
}

std::vector<float> Graph::value(Value variable) const {
  const Node& node = nodes_[variable.id()];
  if (node.kind != Node::Kind::parameter)
    throw Error(ExitStatus::usage, "\"" + node.name + "\" is not a variable; only those keep a value");
  std::vector<float> flat = values();
  const Parameter& p = parameters_[node.parameter];
  std::vector<float> row_major(static_cast<std::size_t>(p.rows * p.columns));
  unpack(Panels<const float>(p.in(flat.data())), p.rows, std::span(row_major));
  return row_major;
}

std::vector<float> Graph::values() const {
  std::vector<float> flat(static_cast<std::size_t>(parameter_size()));
  initialize(1, flat);
  std::copy(values_.begin(), values_.end(), flat.begin());  // variables that came later lie behind
  return flat;
}

void Graph::set_values(std::span<const float> parameters) { values_.assign(parameters.begin(), parameters.end()); }

}  // namespace shoal
