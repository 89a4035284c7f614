#include "shoal/graph/forward_pass.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

#include "graph/schedule.hpp"
#include "shoal/tensor/buffer.hpp"

namespace shoal {
namespace {

std::int64_t rows_of(const ValueShape& shape, std::int64_t capacity) {
  return shape.per_sample ? capacity * shape.rows : shape.rows;
}

template <class T>
Rows<T> all_rows(Panels<T> panels, const ValueShape& shape) {
  return {panels, 0, shape.per_sample ? 0 : shape.rows, shape.per_sample, shape.per_sample ? shape.rows : 1};
}

std::int64_t tasks_of(const Node& node) { return node.operation->whole_rows() ? 1 : panels_of(node.shape.columns); }

}  // namespace

void ForwardPass::Free::operator()(void* memory) const { std::free(memory); }

/// Zeros from a cache line on, moved as all memory is that tests move.
std::byte* ForwardPass::reserve(std::size_t bytes) {
  constexpr std::size_t line = 64;
  const std::size_t shift = static_cast<std::size_t>(memory_shift()) * sizeof(float);
  const std::size_t whole = (bytes + shift + line - 1) / line * line;
  void* const memory = std::aligned_alloc(line, std::max(whole, line));
  if (memory == nullptr) throw std::bad_alloc();
  memory_.emplace_back(memory);
  std::byte* const start = static_cast<std::byte*>(memory) + shift;
  std::memset(start, 0, bytes);
  return start;
}

ForwardPass::ForwardPass(const Graph& graph, Value until, std::int64_t capacity, const float* parameters,
                         std::span<const double> states)
    : graph_(graph), capacity_(capacity), until_(until.id()), values_(graph.nodes().size()) {
  const std::vector<bool> needed = nodes_below(graph, until_);
  std::size_t scratch = 0;
  for (std::size_t id = 0; id <= until_; ++id) {
    const Node& node = graph.nodes()[id];
    if (needed[id] && node.operation != nullptr)
      scratch = std::max(scratch, node.operation->scratch_bytes(input_shapes(graph, node)));
  }
  if (scratch > 0) {  // not moved: doubles lie in it, too
    memory_.emplace_back(std::aligned_alloc(64, (scratch + 63) / 64 * 64));
    if (memory_.back() == nullptr) throw std::bad_alloc();
    scratch_ = {static_cast<std::byte*>(memory_.back().get()), scratch};
  }
  for (std::size_t id = 0; id <= until_; ++id) {
    if (!needed[id]) continue;
    const Node& node = graph.nodes()[id];
    if (node.kind == Node::Kind::parameter) {
      // Operations read parameters alone. NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
      values_[id] = graph.parameters()[node.parameter].in(const_cast<float*>(parameters));
      continue;
    }
    const std::int64_t rows = rows_of(node.shape, capacity);
    const auto bytes = static_cast<std::size_t>(padded_size(rows, node.shape.columns)) * sizeof(float);
    values_[id] = {reinterpret_cast<float*>(reserve(bytes)), rows, node.shape.columns};
    if (node.operation != nullptr) add(id, states);
  }
}

void ForwardPass::add(std::size_t id, std::span<const double> states) {
  const Node& node = graph_.nodes()[id];
  const Operation& operation = *node.operation;
  const std::vector<ValueShape> shapes = input_shapes(graph_, node);
  Step step{&operation, {}};
  RowBlock<float>& block = step.block;
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    block.input[i] = all_rows(Panels<const float>(values_[node.inputs[i]]), shapes[i]);
  block.output = all_rows(values_[id], node.shape);
  block.scratch = scratch_;
  const auto floats = [this](std::int64_t count) {
    return reinterpret_cast<float*>(reserve(static_cast<std::size_t>(count) * sizeof(float)));
  };
  if (const ValueShape kept = operation.auxiliary(shapes); kept.columns > 0) {
    const std::int64_t rows = rows_of(kept, capacity_);
    block.auxiliary = all_rows(Panels<float>{floats(padded_size(rows, kept.columns)), rows, kept.columns}, kept);
  }
  if (const std::int64_t size = operation.derived_size(shapes, capacity_); size > 0 && operation.forward_derives())
    block.derived = {floats(size), static_cast<std::size_t>(size)};
  if (node.state_size > 0) {
    std::vector<double> own(states.begin() + node.state_offset, states.begin() + node.state_offset + node.state_size);
    operation.finish(block, Pass::forward, {}, 0, own);  // of running statistics, which stay as they are
  }
  if (!works_per_sample(graph_, node)) {
    // Once: nothing that a run changes has a part in it.
    const StatisticsPlan plan = operation.statistics(Pass::forward, false, shapes);
    if (plan.width > 0) {
      std::vector<double> statistics(static_cast<std::size_t>(plan.width));
      for (std::int64_t panel = 0; panel < panels_of(shapes[0].columns); ++panel)
        operation.leaf_statistics(block, Pass::forward, panel, statistics);
      operation.finish(block, Pass::forward, statistics, 0, {});
    }
    for (std::int64_t panel = 0; panel < tasks_of(node); ++panel) run_panel(step, panel);
    return;
  }
  assert(operation.statistics(Pass::forward, false, shapes).width == 0);
  steps_.push_back(step);
  const std::int64_t panels = tasks_of(node);
  if (!chains_.empty() && operation.tilewise() && chains_.back().panels == panels) {
    // What an operation before it in the chain makes is there as far as its panel; all else was made by then.
    chains_.back().last = steps_.size();
  } else {
    chains_.push_back({steps_.size() - 1, steps_.size(), panels});
  }
}

void ForwardPass::run_panel(const Step& step, std::int64_t panel) const {
  step.operation->forward(step.block, panel);
  if (step.operation->keeps_padding()) return;
  const Rows<float>& out = step.block.output;
  const std::int64_t last = out.panels.panels() - 1;
  if (step.operation->whole_rows() || panel == last) zero_padding(out.count, out.panels.width(last), out.tile(last));
}

Panels<const float> ForwardPass::run(std::int64_t samples) {
  assert(samples >= 0 && samples <= capacity_);
  if (samples != samples_) {
    samples_ = samples;
    const auto narrow = [samples](auto& rows) {
      if (rows.per_sample) rows.count = samples * rows.sample_rows;
    };
    for (Step& step : steps_) {
      for (auto& input : step.block.input) narrow(input);
      narrow(step.block.output);
      narrow(step.block.auxiliary);
      step.block.leaf_samples = std::max<std::int64_t>(1, samples);
    }
  }
  for (const Chain& chain : chains_) {
    for (std::int64_t panel = 0; panel < chain.panels; ++panel) {
      for (std::size_t at = chain.first; at < chain.last; ++at) run_panel(steps_[at], panel);
    }
  }
  return values_[until_];
}

std::size_t ForwardPass::bytes_per_sample(const Graph& graph, Value until) {
  const std::vector<bool> needed = nodes_below(graph, until.id());
  std::int64_t elements = 0;
  for (std::size_t id = 0; id <= until.id(); ++id) {
    const Node& node = graph.nodes()[id];
    if (needed[id] && node.shape.per_sample) elements += padded_size(node.shape.rows, node.shape.columns);
  }
  return static_cast<std::size_t>(elements) * sizeof(float);
}

}  // namespace shoal
