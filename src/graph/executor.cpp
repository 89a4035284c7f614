#include "shoal/graph/executor.hpp"

#include <algorithm>
#include <cassert>

#include "shoal/tensor/parallel.hpp"

namespace shoal {

template <class T>
Executor<T>::Executor(const Graph& graph, std::int64_t capacity, TreeSum& sums)
    : graph_(graph), capacity_(capacity), sums_(sums), work_(graph.nodes().size()) {
  const auto nodes = graph.nodes();
  for (std::size_t id = 0; id < nodes.size(); ++id) {
    const Node& node = nodes[id];
    Workspace& work = work_[id];
    const std::int64_t rows = node.shape.per_sample ? capacity : node.shape.rows;
    if (node.kind != Node::Kind::parameter) work.value = Buffer<T>(padded_size(rows, node.shape.columns));
    if (node.needs_gradient) work.gradient = Buffer<T>(padded_size(rows, node.shape.columns));
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      work.input_shapes.push_back(nodes[node.inputs[i]].shape);
      if (node.operation->differentiable(i)) work_[node.inputs[i]].uses.emplace_back(id, i);
    }
    if (node.operation == nullptr) continue;
    work.derived = Buffer<T>(node.operation->derived_size(work.input_shapes));
    const std::int64_t auxiliary = node.operation->auxiliary_columns(work.input_shapes);
    if (auxiliary > 0) work.auxiliary = Buffer<T>(padded_size(works_per_sample(id) ? capacity : rows, auxiliary));
  }
}

template <class T>
void Executor<T>::bind(T* parameters, std::span<double> states) {
  parameters_ = parameters;
  states_ = states;
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
  assert(graph_.nodes()[value.id()].kind == Node::Kind::input && buffer.size() == work_[value.id()].value.size());
  std::swap(work_[value.id()].value, buffer);
}

template <class T>
bool Executor<T>::works_per_sample(std::size_t id) const {
  const auto& shapes = work_[id].input_shapes;
  return std::any_of(shapes.begin(), shapes.end(), [](const ValueShape& s) { return s.per_sample; });
}

template <class T>
std::vector<std::int64_t> Executor<T>::leaves_of(std::size_t id) const {
  if (!works_per_sample(id)) return {-1};
  std::vector<std::int64_t> leaves;
  for (std::int64_t leaf = batch_.run.first; leaf < batch_.run.last; ++leaf) leaves.push_back(leaf);
  return leaves;
}

template <class T>
Leaf<T> Executor<T>::view(std::size_t id, std::int64_t leaf) const {
  const Node& node = graph_.nodes()[id];
  const Workspace& work = work_[id];
  const std::int64_t first = leaf < 0 ? 0 : leaf_first(leaf);
  const std::int64_t rows = leaf < 0 ? 0 : leaf_rows(leaf);
  const auto rows_of = [&](auto panels, const ValueShape& shape) {
    return Rows<std::remove_pointer_t<decltype(panels.data)>>{panels, shape.per_sample ? first : 0,
                                                              shape.per_sample ? rows : shape.rows, shape.per_sample};
  };
  Leaf<T> view;
  view.training = batch_.training;
  view.seed = batch_.seed;
  view.step = batch_.step;
  if (!batch_.sample_ids.empty() && leaf >= 0)
    view.sample_ids = batch_.sample_ids.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    view.input[i] = rows_of(Panels<const T>(value_panels(node.inputs[i])), work.input_shapes[i]);
  view.output = rows_of(value_panels(id), node.shape);
  if (work.gradient.size() > 0) view.output_gradient = rows_of(Panels<const T>(gradient_panels(id)), node.shape);
  if (work.auxiliary.size() > 0) {
    const ValueShape shape{works_per_sample(id), node.shape.rows, node.operation->auxiliary_columns(work.input_shapes)};
    view.auxiliary = rows_of(
        Panels<T>{const_cast<T*>(work.auxiliary.data()), shape.per_sample ? capacity_ : shape.rows, shape.columns},
        shape);
  }
  view.derived = {const_cast<T*>(work.derived.data()), static_cast<std::size_t>(work.derived.size())};
  return view;
}

template <class T>
void Executor<T>::reach(std::size_t until) {
  reached_.assign(graph_.nodes().size(), false);
  reached_[until] = true;
  for (std::size_t id = until + 1; id-- > 0;) {
    if (!reached_[id]) continue;
    for (std::size_t input : graph_.nodes()[id].inputs) reached_[input] = true;
  }
}

template <class T>
void Executor<T>::prepare(std::size_t id, Pass pass) {
  const Node& node = graph_.nodes()[id];
  if (pass == Pass::backward && !graph_.nodes()[node.inputs[0]].needs_gradient) return;
  const Leaf<T> whole = view(id, -1);
  parallel_for(node.operation->preparations(pass, work_[id].input_shapes),
               [&](std::int64_t task) { node.operation->prepare(whole, pass, task); });
}

template <class T>
void Executor<T>::statistics(std::size_t id, Pass pass, bool training, std::span<double> per_leaf,
                             std::int64_t width) const {
  const Node& node = graph_.nodes()[id];
  const std::vector<std::int64_t> leaves = leaves_of(id);
  const std::int64_t panels = panels_of(pass == Pass::forward ? work_[id].input_shapes[0].columns : node.shape.columns);
  parallel_for(static_cast<std::int64_t>(leaves.size()) * panels, [&](std::int64_t task) {
    const auto l = static_cast<std::size_t>(task / panels);
    Leaf<T> leaf = view(id, leaves[l]);
    leaf.training = training;
    node.operation->leaf_statistics(
        leaf, pass, task % panels,
        per_leaf.subspan(l * static_cast<std::size_t>(width), static_cast<std::size_t>(width)));
  });
}

template <class T>
void Executor<T>::synchronize(std::size_t id, Pass pass) {
  const Node& node = graph_.nodes()[id];
  const StatisticsPlan plan = node.operation->statistics(pass, batch_.training, work_[id].input_shapes);
  if (plan.width == 0) return;
  const auto width = static_cast<std::size_t>(plan.width);
  std::vector<double> per_leaf(leaves_of(id).size() * width);
  statistics(id, pass, batch_.training, per_leaf, plan.width);
  if (id == until_ && pass == Pass::forward && !node.shape.per_sample) {
    leaf_statistics_ = std::move(per_leaf);
    statistics_width_ = plan.width;
    return;
  }
  std::vector<double> merged(width);
  if (works_per_sample(id)) {
    assert(batch_.run.first == batch_.share->run().first && batch_.run.last == batch_.share->run().last);
    const std::vector<double> partials = fold_leaves(*batch_.share, width, *plan.merge, per_leaf);
    sums_.tree_reduce(*batch_.share, partials, *plan.merge, merged);
  } else {
    merged = per_leaf;
  }
  node.operation->finish(
      view(id, -1), pass, merged, batch_.share->cut().samples,
      states_.subspan(static_cast<std::size_t>(node.state_offset), static_cast<std::size_t>(node.state_size)));
}

template <class T>
void Executor<T>::finish(std::span<const double> merged) {
  graph_.nodes()[until_].operation->finish(view(until_, -1), Pass::forward, merged, batch_.share->cut().samples, {});
}

template <class T>
void Executor<T>::run_forward(std::size_t id) {
  const Node& node = graph_.nodes()[id];
  prepare(id, Pass::forward);
  synchronize(id, Pass::forward);
  const bool reduces = works_per_sample(id) && !node.shape.per_sample;
  if (reduces) return;
  if (node.operation->statistics(Pass::forward, batch_.training, work_[id].input_shapes).width == 0 &&
      node.state_size > 0) {
    // Test time: what the statistics would give comes from the running averages.
    node.operation->finish(
        view(id, -1), Pass::forward, {}, 0,
        states_.subspan(static_cast<std::size_t>(node.state_offset), static_cast<std::size_t>(node.state_size)));
  }
  const std::vector<std::int64_t> leaves = leaves_of(id);
  const std::int64_t panels = node.operation->whole_rows() ? 1 : panels_of(node.shape.columns);
  parallel_for(static_cast<std::int64_t>(leaves.size()) * panels, [&](std::int64_t task) {
    const Leaf<T> leaf = view(id, leaves[static_cast<std::size_t>(task / panels)]);
    node.operation->forward(leaf, task % panels);
    const std::int64_t last = leaf.output.panels.panels() - 1;
    if (node.operation->whole_rows() || task % panels == last)
      zero_padding(leaf.output.count, leaf.output.panels.width(last), leaf.output.tile(last));
  });
}

template <class T>
void Executor<T>::forward(const Batch& batch, Value until) {
  assert(batch.samples() <= capacity_);
  batch_ = batch;
  until_ = until.id();
  leaf_statistics_.clear();
  reach(until_);
  for (std::size_t id = 0; id <= until_; ++id) {
    if (reached_[id] && graph_.nodes()[id].kind == Node::Kind::operation) run_forward(id);
  }
}

template <class T>
std::vector<double> Executor<T>::statistics_of(const Batch& batch, std::size_t node) {
  batch_ = batch;
  until_ = node;
  reach(node);
  for (std::size_t id = 0; id < node; ++id) {
    if (reached_[id] && graph_.nodes()[id].kind == Node::Kind::operation) run_forward(id);
  }
  const std::int64_t width =
      graph_.nodes()[node].operation->statistics(Pass::forward, true, work_[node].input_shapes).width;
  std::vector<double> per_leaf(static_cast<std::size_t>(batch.run.size() * width));
  statistics(node, Pass::forward, true, per_leaf, width);
  return per_leaf;
}

/// Gradient of a value per sample: its uses, in reverse order of use.
template <class T>
void Executor<T>::pull_gradient(std::size_t id) {
  const Panels<T> gradient = gradient_panels(id);
  const std::int64_t panels = gradient.panels();
  parallel_for(batch_.run.size() * panels, [&](std::int64_t task) {
    const std::int64_t leaf = batch_.run.first + task / panels;
    const std::int64_t panel = task % panels;
    const std::int64_t rows = leaf_rows(leaf);
    T* out = gradient.tile(panel, leaf_first(leaf));
    std::vector<T> scratch;
    bool first = true;
    for (auto use = work_[id].uses.rbegin(); use != work_[id].uses.rend(); ++use) {
      if (!used(use->first)) continue;
      const Operation& operation = *graph_.nodes()[use->first].operation;
      if (first) {
        operation.backward(view(use->first, leaf), use->second, panel, out);
      } else {
        scratch.resize(static_cast<std::size_t>(rows * panel_width));
        operation.backward(view(use->first, leaf), use->second, panel, scratch.data());
        add_to<T>(rows * panel_width, scratch.data(), out);
      }
      first = false;
    }
    if (panel == panels - 1) zero_padding(rows, gradient.width(panel), out);
  });
}

/// Gradient of a whole value: uses by whole operations, in reverse order, then those by samples.
template <class T>
void Executor<T>::pull_whole_gradient(std::size_t id) {
  const Node& node = graph_.nodes()[id];
  const Panels<T> gradient = gradient_panels(id);
  std::fill_n(gradient.data, work_[id].gradient.size(), T{0});
  std::vector<T> scratch(static_cast<std::size_t>(node.shape.rows * panel_width));
  for (auto use = work_[id].uses.rbegin(); use != work_[id].uses.rend(); ++use) {
    if (!used(use->first) || works_per_sample(use->first)) continue;
    for (std::int64_t panel = 0; panel < gradient.panels(); ++panel) {
      graph_.nodes()[use->first].operation->backward(view(use->first, -1), use->second, panel, scratch.data());
      add_to<T>(node.shape.rows * panel_width, scratch.data(), gradient.tile(panel));
    }
  }
  const bool by_samples = std::any_of(work_[id].uses.begin(), work_[id].uses.end(),
                                      [&](const auto& use) { return used(use.first) && works_per_sample(use.first); });
  if (by_samples && node.kind != Node::Kind::parameter) {
    // Something computed from parameters alone, used by samples: its gradient is a sum over the batch, in float64.
    const auto width = static_cast<std::size_t>(work_[id].gradient.size());
    std::vector<double> per_leaf(static_cast<std::size_t>(batch_.run.size()) * width);
    std::vector<T> tile(panel_width * panel_width);
    for (std::int64_t leaf = batch_.run.first; leaf < batch_.run.last; ++leaf) {
      double* sums = per_leaf.data() + static_cast<std::size_t>(leaf - batch_.run.first) * width;
      for (auto use = work_[id].uses.rbegin(); use != work_[id].uses.rend(); ++use) {
        if (!used(use->first) || !works_per_sample(use->first)) continue;
        for (std::int64_t panel = 0; panel < gradient.panels(); ++panel) {
          for (std::int64_t first = 0; first < node.shape.rows; first += panel_width) {
            const std::int64_t count = std::min(panel_width, node.shape.rows - first);
            graph_.nodes()[use->first].operation->gradient(view(use->first, leaf), use->second, panel, first, count,
                                                           tile.data());
            for (std::int64_t i = 0; i < count * panel_width; ++i)
              sums[(panel * node.shape.rows + first) * panel_width + i] +=
                  static_cast<double>(tile[static_cast<std::size_t>(i)]);
          }
        }
      }
    }
    const AddMerge add;
    std::vector<double> merged(width);
    sums_.tree_reduce(*batch_.share, fold_leaves(*batch_.share, width, add, per_leaf), add, merged);
    for (std::size_t i = 0; i < width; ++i) gradient.data[i] += static_cast<T>(merged[i]);
  }
  const std::int64_t last = gradient.panels() - 1;
  zero_padding(node.shape.rows, gradient.width(last), gradient.tile(last));
}

/// Gradient of a parameter: tile by tile, over this process's leaves, along the tree; one partial per tree node.
template <class T>
void Executor<T>::parameter_gradient(std::size_t id, std::span<T* const> partials) {
  const Node& node = graph_.nodes()[id];
  const Parameter& parameter = graph_.parameters()[node.parameter];
  pull_whole_gradient(id);
  const Panels<T> whole = gradient_panels(id);
  const bool by_whole = std::any_of(work_[id].uses.begin(), work_[id].uses.end(),
                                    [&](const auto& use) { return used(use.first) && !works_per_sample(use.first); });
  const std::int64_t row_blocks = (parameter.rows + panel_width - 1) / panel_width;
  const std::int64_t panels = panels_of(parameter.columns);
  const auto nodes = batch_.share->nodes();
  const std::int64_t present = batch_.share->cut().leaves();
  parallel_for(row_blocks * panels, [&](std::int64_t task) {
    const std::int64_t panel = task / row_blocks;
    const std::int64_t first = task % row_blocks * panel_width;
    const std::int64_t count = std::min(panel_width, parameter.rows - first);
    const std::int64_t size = count * panel_width;
    std::vector<T> scratch(static_cast<std::size_t>(size));
    std::vector<std::vector<T>> stack(1);  // one partial per level of the tree
    const auto leaf_gradient = [&](std::int64_t leaf, T* out) {
      bool any = false;
      for (auto use = work_[id].uses.rbegin(); use != work_[id].uses.rend(); ++use) {
        if (!used(use->first) || !works_per_sample(use->first)) continue;
        T* to = any ? scratch.data() : out;
        graph_.nodes()[use->first].operation->gradient(view(use->first, leaf), use->second, panel, first, count, to);
        if (any) add_to<T>(size, to, out);
        any = true;
      }
      if (!any) std::fill_n(out, size, T{0});
      if (leaf == 0 && by_whole) add_to<T>(size, whole.tile(panel, first), out);
    };
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      T* result = parameter.in(partials[n]).tile(panel, first);
      const LeafRun run = nodes[n].leaves(present);
      std::size_t depth = 0;
      for (std::int64_t leaf = run.first; leaf < run.last; ++leaf) {
        if (stack.size() <= depth) stack.emplace_back();
        stack[depth].resize(static_cast<std::size_t>(size));
        leaf_gradient(leaf, stack[depth].data());
        ++depth;
        int merges = merges_after(leaf - run.first, leaf + 1 == run.last, static_cast<int>(depth));
        for (; merges > 0; --merges, --depth) add_to<T>(size, stack[depth - 1].data(), stack[depth - 2].data());
      }
      std::copy_n(stack[0].data(), size, result);
      if (panel == panels - 1) zero_padding(count, parameter.columns - panel * panel_width, result);
    }
  });
}

template <class T>
void Executor<T>::backward(std::span<T* const> partials, const GradientsComplete& complete) {
  const auto nodes = graph_.nodes();
  // Parameters that `until` does not depend on come first, so that the others complete from the last to the first.
  for (const Parameter& parameter : graph_.parameters()) {
    if (reached_[parameter.node]) continue;
    for (T* partial : partials) std::fill_n(partial + parameter.offset, parameter.size(), T{0});
  }
  for (std::size_t id = until_ + 1; id-- > 0;) {
    if (!reached_[id] || !nodes[id].needs_gradient) continue;
    if (id == until_) {
      // The derivative of a sum over samples, or of a whole value, with respect to itself.
      *gradient_panels(id).tile(0) = T{1};
    } else if (nodes[id].kind == Node::Kind::parameter) {
      parameter_gradient(id, partials);
      if (complete) complete(nodes[id].parameter);
    } else if (nodes[id].shape.per_sample) {
      pull_gradient(id);
    } else {
      pull_whole_gradient(id);
    }
    if (nodes[id].kind != Node::Kind::operation) continue;
    synchronize(id, Pass::backward);
    prepare(id, Pass::backward);
  }
}

template class Executor<float>;
template class Executor<double>;

}  // namespace shoal
