#include "shoal/graph/executor.hpp"

#include <algorithm>
#include <cassert>

#include "graph/pass_schedules.hpp"
#include "shoal/core/profile.hpp"
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
  if (node.kind == Node::Kind::parameter) return graph_.parameters()[node.parameter].in(parameters_);
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
Leaf<T> Executor<T>::everything(std::size_t id) const {
  const Node& node = graph_.nodes()[id];
  const Workspace& work = work_[id];
  const auto rows_in = [](auto panels, const ValueShape& shape) {
    return Rows<std::remove_pointer_t<decltype(panels.data)>>{panels, 0, shape.per_sample ? 0 : shape.rows,
                                                              shape.per_sample};
  };
  Leaf<T> all;
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
typename Executor<T>::RowRun Executor<T>::rows_of(LeafRun leaves) const {
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
    if (reached_[id] && graph_.nodes()[id].operation != nullptr) work_[id].run = view(id, rows_of(batch_.run));
  }
}

template <class T>
Leaf<T> Executor<T>::view(std::size_t id, RowRun rows) const {
  Leaf<T> leaf = work_[id].everything;
  leaf.leaf_rows = batch_.share->cut().leaf_samples;
  leaf.training = batch_.training;
  leaf.seed = batch_.seed;
  leaf.step = batch_.step;
  narrow(leaf, rows);
  return leaf;
}

template <class T>
void Executor<T>::narrow(Leaf<T>& leaf, RowRun rows) const {
  const auto narrow_value = [rows](auto& value) {
    if (!value.per_sample) return;
    value.first = rows.first;
    value.count = rows.count;
  };
  for (auto& input : leaf.input) narrow_value(input);
  narrow_value(leaf.output);
  narrow_value(leaf.output_gradient);
  narrow_value(leaf.auxiliary);
  if (!batch_.sample_ids.empty())
    leaf.sample_ids =
        batch_.sample_ids.subspan(static_cast<std::size_t>(rows.first), static_cast<std::size_t>(rows.count));
}

template <class T>
const Leaf<T>& Executor<T>::view(std::size_t id, RowRun rows, Leaf<T>& storage) const {
  if (rows == rows_of(batch_.run)) return work_[id].run;
  storage = work_[id].run;
  narrow(storage, rows);
  return storage;
}

/// Every phase of a step runs here: the calling thread's own work, the tasks of all threads, the sums over the batch.
template <class T>
void Executor<T>::run(const Phase& phase, Pass pass, std::span<T* const> partials) {
  const Span span(SpanKind::compute, phase.name, phase.flops_per_sample * static_cast<double>(batch_.samples()));
  for (std::size_t id : phase.whole) pass == Pass::forward ? forward_whole(id) : pull_whole_gradient(id);
  for (std::size_t id : phase.ready)
    graph_.nodes()[id].operation->finish(view(id, {}), Pass::forward, {}, 0, state_of(id));
  for (std::size_t id : phase.synchronize) reserve_statistics(id, pass, batch_.training);

  // Few panels are cut into blocks of leaves too, so that every thread has work.
  const std::int64_t leaves = batch_.run.size();
  const std::int64_t wanted = threads() == 1 ? 1 : 4 * static_cast<std::int64_t>(threads());
  const auto blocks_of = [&](const TaskGroup& group) {
    return std::clamp<std::int64_t>((wanted + group.panels - 1) / group.panels, 1, std::max<std::int64_t>(1, leaves));
  };
  std::int64_t tasks = 0;
  for (const TaskGroup& group : phase.groups)
    tasks += group.parameter ? group.panels : leaves > 0 ? group.panels * blocks_of(group) : 0;
  parallel_for(tasks, [&](std::int64_t task) {
    auto group = phase.groups.begin();
    for (; true; ++group) {
      const std::int64_t mine = group->parameter ? group->panels : leaves > 0 ? group->panels * blocks_of(*group) : 0;
      if (task < mine) break;
      task -= mine;
    }
    if (group->parameter) return parameter_tile(group->node, task, partials);
    // The blocks of a panel follow each other: its weights stay in the cache.
    const std::int64_t blocks = blocks_of(*group);
    const std::int64_t block = task % blocks;
    run_tiles(*group, pass, task / blocks,
              {batch_.run.first + leaves * block / blocks, batch_.run.first + leaves * (block + 1) / blocks});
  });
  for (std::size_t id : phase.synchronize) synchronize(id, pass);
}

template <class T>
void Executor<T>::run_tiles(const TaskGroup& group, Pass pass, std::int64_t panel, LeafRun leaves) {
  const RowRun rows = rows_of(leaves);
  for (const Stage& stage : group.stages) {
    switch (stage.kind) {
      case Stage::Kind::forward: forward_tile(stage.node, rows, panel); break;
      case Stage::Kind::pull_gradient: pull_gradient(stage.node, rows, panel); break;
      case Stage::Kind::statistics: leaf_statistics_of(stage.node, pass, panel, leaves, batch_.training); break;
    }
  }
}

template <class T>
void Executor<T>::forward_tile(std::size_t id, RowRun rows, std::int64_t panel) {
  const Operation& operation = *graph_.nodes()[id].operation;
  Leaf<T> storage;
  const Leaf<T>& leaf = view(id, rows, storage);
  operation.forward(leaf, panel);
  const std::int64_t last = leaf.output.panels.panels() - 1;
  if (operation.whole_rows() || panel == last)
    zero_padding(leaf.output.count, leaf.output.panels.width(last), leaf.output.tile(last));
}

template <class T>
void Executor<T>::leaf_statistics_of(std::size_t id, Pass pass, std::int64_t panel, LeafRun leaves, bool training) {
  if (leaves.size() == 0) return;
  Workspace& work = work_[id];
  const std::size_t width = work.statistics.size() / static_cast<std::size_t>(batch_.run.size());
  Leaf<T> seen = work.run;
  seen.training = training;
  for (std::int64_t leaf = leaves.first; leaf < leaves.last; ++leaf) {
    narrow(seen, rows_of({leaf, leaf + 1}));
    graph_.nodes()[id].operation->leaf_statistics(
        seen, pass, panel,
        std::span(work.statistics).subspan(static_cast<std::size_t>(leaf - batch_.run.first) * width, width));
  }
}

template <class T>
void Executor<T>::reserve_statistics(std::size_t id, Pass pass, bool training) {
  Workspace& work = work_[id];
  const StatisticsPlan plan = graph_.nodes()[id].operation->statistics(pass, training, work.input_shapes);
  work.statistics.resize(static_cast<std::size_t>(work.per_sample ? batch_.run.size() * plan.width : plan.width));
}

template <class T>
void Executor<T>::synchronize(std::size_t id, Pass pass) {
  const Node& node = graph_.nodes()[id];
  Workspace& work = work_[id];
  const StatisticsPlan plan = node.operation->statistics(pass, batch_.training, work.input_shapes);
  const auto width = static_cast<std::size_t>(plan.width);
  if (id == until_ && pass == Pass::forward && !node.shape.per_sample) {
    leaf_statistics_ = work.statistics;
    statistics_width_ = plan.width;
    return;
  }
  std::span<const double> merged = work.statistics;
  if (work.per_sample) {
    assert(batch_.run.first == batch_.share->run().first && batch_.run.last == batch_.share->run().last);
    fold_leaves_in_place(*batch_.share, width, *plan.merge, work.statistics);
    merged_.resize(width);
    sums_.tree_reduce(*batch_.share, std::span(work.statistics).first(batch_.share->nodes().size() * width),
                      *plan.merge, merged_);
    merged = merged_;
  }
  node.operation->finish(view(id, {}), pass, merged, batch_.share->cut().samples, state_of(id));
}

template <class T>
void Executor<T>::finish(std::span<const double> merged) {
  graph_.nodes()[until_].operation->finish(view(until_, {}), Pass::forward, merged, batch_.share->cut().samples, {});
}

/// An operation on whole values alone, by this thread.
template <class T>
void Executor<T>::forward_whole(std::size_t id) {
  const Node& node = graph_.nodes()[id];
  if (node.operation->statistics(Pass::forward, batch_.training, work_[id].input_shapes).width > 0) {
    reserve_statistics(id, Pass::forward, batch_.training);
    for (std::int64_t panel = 0; panel < panels_of(work_[id].input_shapes[0].columns); ++panel)
      node.operation->leaf_statistics(view(id, {}), Pass::forward, panel, work_[id].statistics);
    synchronize(id, Pass::forward);
  }
  const std::int64_t panels = node.operation->whole_rows() ? 1 : panels_of(node.shape.columns);
  for (std::int64_t panel = 0; panel < panels; ++panel) forward_tile(id, {}, panel);
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
                 [&](std::int64_t panel) { leaf_statistics_of(node, Pass::forward, panel, batch_.run, true); });
  });
  return work_[node].statistics;
}

template class Executor<float>;
template class Executor<double>;

}  // namespace shoal
