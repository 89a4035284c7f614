#include "shoal/graph/executor.hpp"

#include <algorithm>
#include <cassert>

#include "graph/pass_schedules.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {

template <class T>
Executor<T>::Executor(const Graph& graph, std::int64_t capacity, TreeSum& sums)
    : graph_(graph),
      capacity_(capacity),
      sums_(sums),
      work_(graph.nodes().size()),
      schedules_(std::make_unique<PassSchedules>(graph)) {
  const auto nodes = graph.nodes();
  for (std::size_t id = 0; id < nodes.size(); ++id) {
    const Node& node = nodes[id];
    Workspace& work = work_[id];
    const std::int64_t rows = node.shape.per_sample ? capacity : node.shape.rows;
    if (node.kind != Node::Kind::parameter) work.value = Buffer<T>(padded_size(rows, node.shape.columns));
    if (node.needs_gradient) work.gradient = Buffer<T>(padded_size(rows, node.shape.columns));
    if (node.operation == nullptr) continue;
    work.per_sample = works_per_sample(graph, node);
    work.input_shapes = input_shapes(graph, node);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.operation->differentiable(i)) work_[node.inputs[i]].uses.emplace_back(id, i);
    }
    work.derived = Buffer<T>(node.operation->derived_size(work.input_shapes, capacity));
    const std::int64_t auxiliary = node.operation->auxiliary_columns(work.input_shapes);
    if (auxiliary > 0) work.auxiliary = Buffer<T>(padded_size(work.per_sample ? capacity : rows, auxiliary));
  }
  bind(nullptr, {});
}

template <class T>
Executor<T>::~Executor() = default;

template <class T>
void Executor<T>::bind(T* parameters, std::span<double> states) {
  parameters_ = parameters;
  states_ = states;
  for (std::size_t id = 0; id < work_.size(); ++id) {
    if (graph_.nodes()[id].operation != nullptr) work_[id].everything = everything(id);
  }
}

template <class T>
Panels<T> Executor<T>::value_panels(std::size_t id) const {
  const Node& node = graph_.nodes()[id];
  if (node.kind == Node::Kind::parameter) {
    const Parameter& parameter = graph_.parameters()[node.parameter];
    if (parameters_ == nullptr) return {nullptr, parameter.rows, parameter.columns};  // not bound yet
    return parameter.in(parameters_);
  }
  return {const_cast<T*>(work_[id].value.data()), node.shape.per_sample ? capacity_ : node.shape.rows,
          node.shape.columns};
}

template <class T>
Panels<T> Executor<T>::gradient_panels(std::size_t id) const {
  const Node& node = graph_.nodes()[id];
  return {const_cast<T*>(work_[id].gradient.data()), node.shape.per_sample ? capacity_ : node.shape.rows,
          node.shape.columns};
}

template <class T>
Panels<T> Executor<T>::input(Value value) const {
  return value_panels(value.id());
}
template <class T>
Panels<const T> Executor<T>::value(Value value) const {
  return value_panels(value.id());
}

template <class T>
void Executor<T>::exchange_input(Value value, Buffer<T>& buffer) {
  const auto nodes = graph_.nodes();
  assert(nodes[value.id()].kind == Node::Kind::input && buffer.size() == work_[value.id()].value.size());
  std::swap(work_[value.id()].value, buffer);
  for (std::size_t id = 0; id < nodes.size(); ++id) {
    const auto& inputs = nodes[id].inputs;
    if (std::find(inputs.begin(), inputs.end(), value.id()) != inputs.end()) work_[id].everything = everything(id);
  }
}

template <class T>
std::span<double> Executor<T>::state_of(std::size_t id) const {
  const Node& node = graph_.nodes()[id];
  return states_.subspan(static_cast<std::size_t>(node.state_offset), static_cast<std::size_t>(node.state_size));
}

template <class T>
RowBlock<T> Executor<T>::everything(std::size_t id) const {
  const Node& node = graph_.nodes()[id];
  const Workspace& work = work_[id];
  const auto rows_in = [](auto panels, const ValueShape& shape) {
    return Rows<std::remove_pointer_t<decltype(panels.data)>>{panels, 0, shape.per_sample ? 0 : shape.rows,
                                                              shape.per_sample};
  };
  RowBlock<T> all;
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    all.input[i] = rows_in(Panels<const T>(value_panels(node.inputs[i])), work.input_shapes[i]);
  all.output = rows_in(value_panels(id), node.shape);
  if (work.gradient.size() > 0) all.output_gradient = rows_in(Panels<const T>(gradient_panels(id)), node.shape);
  if (work.auxiliary.size() > 0) {
    const ValueShape shape{work.per_sample, node.shape.rows, node.operation->auxiliary_columns(work.input_shapes)};
    all.auxiliary = rows_in(
        Panels<T>{const_cast<T*>(work.auxiliary.data()), shape.per_sample ? capacity_ : shape.rows, shape.columns},
        shape);
  }
  all.derived = {const_cast<T*>(work.derived.data()), static_cast<std::size_t>(work.derived.size())};
  return all;
}

template <class T>
typename Executor<T>::RowRange Executor<T>::rows_of(LeafRange leaves) const {
  const LeafCut& cut = batch_.share->cut();
  return {cut.begin(leaves.first) - batch_.first_sample(), cut.begin(leaves.last) - cut.begin(leaves.first)};
}

template <class T>
void Executor<T>::begin(const Batch& batch, std::size_t until) {
  assert(batch.samples() <= capacity_);
  batch_ = batch;
  leaf_statistics_ = {};
  if (reached_.empty() || until != until_) reached_ = nodes_below(graph_, until);
  until_ = until;
  for (std::size_t id = 0; id <= until; ++id) {
    if (reached_[id] && graph_.nodes()[id].operation != nullptr) work_[id].all_rows = view(id, rows_of(batch_.leaves));
  }
}

template <class T>
RowBlock<T> Executor<T>::view(std::size_t id, RowRange rows) const {
  RowBlock<T> block = work_[id].everything;
  block.leaf_rows = batch_.share->cut().leaf_samples;
  block.training = batch_.training;
  block.seed = batch_.seed;
  block.step = batch_.step;
  narrow(block, rows);
  return block;
}

template <class T>
void Executor<T>::narrow(RowBlock<T>& block, RowRange rows) const {
  const auto narrow_value = [rows](auto& value) {
    if (!value.per_sample) return;
    value.first = rows.first;
    value.count = rows.count;
  };
  for (auto& input : block.input) narrow_value(input);
  narrow_value(block.output);
  narrow_value(block.output_gradient);
  narrow_value(block.auxiliary);
  if (!batch_.sample_ids.empty())
    block.sample_ids =
        batch_.sample_ids.subspan(static_cast<std::size_t>(rows.first), static_cast<std::size_t>(rows.count));
  if (!batch_.weights.empty())
    block.weights = batch_.weights.subspan(static_cast<std::size_t>(rows.first), static_cast<std::size_t>(rows.count));
}

template <class T>
const RowBlock<T>& Executor<T>::view(std::size_t id, RowRange rows, RowBlock<T>& storage) const {
  if (rows == rows_of(batch_.leaves)) return work_[id].all_rows;
  storage = work_[id].all_rows;
  narrow(storage, rows);
  return storage;
}

template <class T>
void Executor<T>::finish(std::span<const double> merged) {
  graph_.nodes()[until_].operation->finish(view(until_, {}), Pass::forward, merged, batch_.share->cut().samples, {});
}

template <class T>
void Executor<T>::forward(const Batch& batch, Value until) {
  begin(batch, until.id());
  with_team([&] {
    for (const Phase& phase : schedules_->forward(until_, batch_.training, true)) run(phase, Pass::forward, {});
  });
}

template <class T>
std::vector<double> Executor<T>::statistics_of(const Batch& batch, std::size_t node) {
  begin(batch, node);
  with_team([&] {
    for (const Phase& phase : schedules_->forward(node, batch_.training, false)) run(phase, Pass::forward, {});
    reserve_statistics(node, Pass::forward, true);
    parallel_for(panels_of(work_[node].input_shapes[0].columns),
                 [&](std::int64_t panel) { leaf_statistics_of(node, Pass::forward, panel, batch_.leaves, true); });
  });
  return work_[node].statistics;
}

template class Executor<float>;
template class Executor<double>;

}  // namespace shoal
