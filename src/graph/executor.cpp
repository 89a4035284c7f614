#include "shoal/graph/executor.hpp"

#include <algorithm>
#include <cassert>

#include "graph/chain_values.hpp"
#include "graph/pass_schedules.hpp"
#include "graph/row_pitches.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

/// Rows that the buffers of a value have.
std::int64_t buffer_rows(const ValueShape& shape, std::int64_t capacity) {
  return shape.per_sample ? capacity * shape.rows : shape.rows;
}

}  // namespace

template <class T>
Executor<T>::Executor(const Graph& graph, std::int64_t capacity, TreeSum& sums)
    : graph_(graph),
      capacity_(capacity),
      piece_samples_(samples_of_piece(graph)),
      sums_(sums),
      work_(graph.nodes().size()),
      schedules_(std::make_unique<PassSchedules>(graph)) {
  const auto nodes = graph.nodes();
  // Of images alone: what is saved elsewhere is little, and a view of all rows is ready there.
  if (piece_samples_ > 0) {
    chain_values_ = std::make_unique<const ChainValues>(chain_values(graph));
    chain_gradients_ = std::make_unique<ChainValues>();
    const std::vector<std::int64_t> pitches = row_pitches(graph);
    for (std::size_t id = 0; id < nodes.size(); ++id) work_[id].pitch = pitches[id];
  }
  for (std::size_t id = 0; id < nodes.size(); ++id) {
    const Node& node = nodes[id];
    Workspace& work = work_[id];
    const bool passes = chain_values_ != nullptr && !chain_values_->keeps(id);
    if (chain_values_ != nullptr && node.shape.per_sample)
      chain_tile_size_ = std::max({chain_tile_size_, chain_rows * panel_width, node.shape.rows * panel_width});
    const std::int64_t rows = buffer_rows(node.shape, capacity);
    if (node.kind != Node::Kind::parameter && !passes)
      work.value = Buffer<T>(padded_size(rows, node.shape.columns, work.pitch));
    // Of images when they are needed: see share_gradients().
    if (node.needs_gradient && (chain_values_ == nullptr || !node.shape.per_sample))
      work.gradient = std::make_shared<Buffer<T>>(padded_size(rows, node.shape.columns));
    if (node.kind == Node::Kind::parameter) work.gradient_rows = gradient_rows(graph, id);
    if (node.operation == nullptr) continue;
    if (node.operation->prepares_backward()) prepared_.push_back(id);
    work.per_sample = works_per_sample(graph, node);
    work.input_shapes = input_shapes(graph, node);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.operation->differentiable(i)) work_[node.inputs[i]].uses.emplace_back(id, i);
    }
    work.derived = Buffer<T>(node.operation->derived_size(work.input_shapes, capacity));
    const ValueShape auxiliary = node.operation->auxiliary(work.input_shapes);
    if (auxiliary.columns > 0)
      work.auxiliary = Buffer<T>(padded_size(buffer_rows(auxiliary, capacity), auxiliary.columns, work.pitch));
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
  const Workspace& work = work_[id];
  return {const_cast<T*>(work.value.data()), buffer_rows(node.shape, capacity_), node.shape.columns, work.pitch};
}

template <class T>
Panels<T> Executor<T>::gradient_panels(std::size_t id) const {
  const Node& node = graph_.nodes()[id];
  const Workspace& work = work_[id];
  T* const data = work.gradient == nullptr ? nullptr : work.gradient->data();
  return {data, buffer_rows(node.shape, capacity_), node.shape.columns, work.pitch};
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
                                                              shape.per_sample, shape.per_sample ? shape.rows : 1};
  };
  RowBlock<T> all;
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    all.input[i] = rows_in(Panels<const T>(value_panels(node.inputs[i])), work.input_shapes[i]);
  all.output = rows_in(value_panels(id), node.shape);
  if (node.needs_gradient) all.output_gradient = rows_in(Panels<const T>(gradient_panels(id)), node.shape);
  if (work.auxiliary.size() > 0) {
    const ValueShape shape = node.operation->auxiliary(work.input_shapes);
    const std::int64_t kept_rows = buffer_rows(shape, capacity_);
    all.auxiliary =
        rows_in(Panels<T>{const_cast<T*>(work.auxiliary.data()), kept_rows, shape.columns, work.pitch}, shape);
  }
  all.derived = {const_cast<T*>(work.derived.data()), static_cast<std::size_t>(work.derived.size())};
  return all;
}

template <class T>
typename Executor<T>::SampleRange Executor<T>::samples_of(LeafRange leaves) const {
  const LeafCut& cut = batch_.share->cut();
  return {cut.begin(leaves.first) - batch_.first_sample(), cut.begin(leaves.last) - cut.begin(leaves.first)};
}

template <class T>
std::int64_t Executor<T>::pieces_of_leaf() const {
  if (piece_samples_ == 0) return 1;
  return (batch_.share->cut().leaf_samples + piece_samples_ - 1) / piece_samples_;
}

template <class T>
std::int64_t Executor<T>::pieces() const {
  if (piece_samples_ == 0 || batch_.leaves.size() == 0) return batch_.leaves.size();
  const std::int64_t last = samples_of(LeafRange{batch_.leaves.last - 1, batch_.leaves.last}).count;
  return (batch_.leaves.size() - 1) * pieces_of_leaf() + (last + piece_samples_ - 1) / piece_samples_;
}

/// All leaves but the last have as many pieces.
template <class T>
typename Executor<T>::SampleRange Executor<T>::samples_of(PieceRange range) const {
  const std::int64_t each = pieces_of_leaf();
  const auto begin = [&](std::int64_t piece) {
    const LeafCut& cut = batch_.share->cut();
    const std::int64_t leaf = batch_.leaves.first + piece / each;
    if (leaf >= batch_.leaves.last) return batch_.samples();
    return std::min(cut.end(leaf), cut.begin(leaf) + piece % each * piece_samples_) - batch_.first_sample();
  };
  const std::int64_t first = begin(range.first);
  return {first, (range.last == pieces() ? batch_.samples() : begin(range.last)) - first};
}

template <class T>
void Executor<T>::begin(const Batch& batch, std::size_t until) {
  assert(batch.samples() <= capacity_);
  batch_ = batch;
  leaf_statistics_ = {};
  if (reached_.empty() || until != until_) reached_ = nodes_below(graph_, until);
  until_ = until;
  for (std::size_t id = 0; id <= until; ++id) {
    if (reached_[id] && graph_.nodes()[id].operation != nullptr)
      work_[id].all_rows = view(id, samples_of(batch_.leaves));
  }
}

template <class T>
RowBlock<T> Executor<T>::view(std::size_t id, SampleRange samples) const {
  RowBlock<T> block = work_[id].everything;
  block.leaf_samples = batch_.share->cut().leaf_samples;
  block.training = batch_.training;
  block.seed = batch_.seed;
  block.step = batch_.step;
  narrow(block, samples);
  return block;
}

template <class T>
void Executor<T>::narrow(RowBlock<T>& block, SampleRange samples) const {
  const auto narrow_value = [samples](auto& value) {
    if (!value.per_sample) return;
    value.first = samples.first * value.sample_rows;
    value.count = samples.count * value.sample_rows;
  };
  const auto narrow_span = [samples](auto span) {
    return span.empty()
               ? span
               : span.subspan(static_cast<std::size_t>(samples.first), static_cast<std::size_t>(samples.count));
  };
  for (auto& input : block.input) narrow_value(input);
  narrow_value(block.output);
  narrow_value(block.output_gradient);
  narrow_value(block.auxiliary);
  block.sample_ids = narrow_span(batch_.sample_ids);
  block.weights = narrow_span(batch_.weights);
}

template <class T>
const RowBlock<T>& Executor<T>::view(std::size_t id, SampleRange samples, RowBlock<T>& storage) const {
  if (chain_values_ == nullptr && samples == samples_of(batch_.leaves)) return work_[id].all_rows;
  storage = work_[id].all_rows;
  narrow(storage, samples);
  if (chain_values_ != nullptr) place_tiles(id, storage);
  return storage;
}

/// One tile stands for all panels: their stride is nothing.
template <class T>
void Executor<T>::place_tiles(std::size_t id, RowBlock<T>& block) const {
  const auto place = [&](auto& rows, const ChainValues& passing, std::size_t node) {
    if (passing.keeps(node)) return;
    rows.panels.data = chain_tile(passing.tile[node]);
    rows.panels.rows = 0;
    rows.first = 0;
  };
  const Node& node = graph_.nodes()[id];
  for (std::size_t i = 0; i < node.inputs.size(); ++i) place(block.input[i], *chain_values_, node.inputs[i]);
  place(block.output, *chain_values_, id);
  place(block.output_gradient, *chain_gradients_, id);
}

template <class T>
T* Executor<T>::chain_tile(int number) const {
  thread_local Buffer<T> tiles;
  const std::int64_t size = std::max(chain_values_->tiles, chain_gradients_->tiles) * chain_tile_size_;
  if (tiles.size() < size) tiles = Buffer<T>(size);
  return tiles.data() + number * chain_tile_size_;
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
    parallel_for(panels_of(work_[node].input_shapes[0].columns), [&](std::int64_t panel) {
      piece_statistics(node, Pass::forward, panel, {0, pieces()}, true);
    });
  });
  const StatisticsPlan plan = graph_.nodes()[node].operation->statistics(Pass::forward, true, work_[node].input_shapes);
  fold_pieces(node, static_cast<std::size_t>(plan.width), *plan.merge);
  return work_[node].statistics;
}

template class Executor<float>;
template class Executor<double>;

}  // namespace shoal
