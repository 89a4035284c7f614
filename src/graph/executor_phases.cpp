// The phases of an executor's passes: tasks of all threads, then the sums over the batch.
#include <algorithm>
#include <cassert>

#include "graph/chain_values.hpp"
#include "graph/pass_schedules.hpp"
#include "shoal/core/profile.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

bool keeps_leaf_sums(const Node& node, std::span<const ValueShape> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (node.operation->gradient_in_statistics(i, inputs)) return true;
  }
  return false;
}

}  // namespace

/// Every phase of a step runs here: the calling thread's own work, the tasks of all threads, the sums over the batch.
template <class T>
void Executor<T>::run(const Phase& phase, Pass pass, std::span<T* const> partials) {
  const Span span(SpanKind::compute, phase.name, phase.flops_per_sample * static_cast<double>(batch_.samples()));
  for (std::size_t id : phase.whole) pass == Pass::forward ? forward_whole(id) : pull_whole_gradient(id);
  for (std::size_t id : phase.ready)
    graph_.nodes()[id].operation->finish(view(id, {}), Pass::forward, {}, 0, state_of(id));
  for (std::size_t id : phase.synchronize) reserve_statistics(id, pass, batch_.training);

  // Few panels are cut into blocks of pieces too, so that every thread has work.
  const std::int64_t all = pieces();
  // Of many threads, some are late: smaller tasks are left for the others to take.
  const std::int64_t wanted = threads() == 1 ? 1 : (threads() > 8 ? 8 : 4) * static_cast<std::int64_t>(threads());
  const auto blocks_of = [&](const TaskGroup& group) {
    return std::clamp<std::int64_t>((wanted + group.panels - 1) / group.panels, 1, std::max<std::int64_t>(1, all));
  };
  std::int64_t tasks = 0;
  for (const TaskGroup& group : phase.groups)
    tasks += group.parameter ? group.panels : all > 0 ? group.panels * blocks_of(group) : 0;
  parallel_for(tasks, [&](std::int64_t task) {
    auto group = phase.groups.begin();
    for (; true; ++group) {
      const std::int64_t mine = group->parameter ? group->panels : all > 0 ? group->panels * blocks_of(*group) : 0;
      if (task < mine) break;
      task -= mine;
    }
    if (group->parameter) {
      const double share = static_cast<double>(batch_.samples()) / static_cast<double>(group->panels);
      const PartTimer timer(group->product, group->flops_per_sample * share);
      return parameter_tile(group->node, task, partials);
    }
    // The blocks of a panel follow each other: its weights stay in the cache.
    const std::int64_t blocks = blocks_of(*group);
    const std::int64_t block = task % blocks;
    run_tiles(*group, pass, task / blocks, {all * block / blocks, all * (block + 1) / blocks});
  });
  for (std::size_t id : phase.synchronize) synchronize(id, pass);
}

template <class T>
void Executor<T>::run_tiles(const TaskGroup& group, Pass pass, std::int64_t panel, PieceRange range) {
  // Images go through the chain a few at a time, so that their tiles stay in the cache between its stages.
  std::int64_t step = range.last - range.first;
  if (piece_samples_ > 0) {
    std::int64_t most = 1;
    for (const TileStage& stage : group.stages) most = std::max(most, graph_.nodes()[stage.node].shape.rows);
    step = std::max<std::int64_t>(1, chain_rows / (most * piece_samples_));
  }
  for (std::int64_t piece = range.first; piece < range.last; piece += step) {
    const PieceRange some{piece, std::min(range.last, piece + step)};
    const SampleRange samples = samples_of(some);
    for (const TileStage& stage : group.stages) {
      const double share = static_cast<double>(samples.count) / static_cast<double>(group.panels);
      const PartTimer timer(stage.product, stage.flops_per_sample * share);
      switch (stage.kind) {
        case TileStage::Kind::forward: forward_tile(stage.node, samples, panel); break;
        case TileStage::Kind::pull_gradient: pull_gradient(stage.node, samples, panel); break;
        case TileStage::Kind::statistics: piece_statistics(stage.node, pass, panel, some, batch_.training); break;
      }
    }
  }
}

template <class T>
void Executor<T>::forward_tile(std::size_t id, SampleRange samples, std::int64_t panel) {
  const Operation& operation = *graph_.nodes()[id].operation;
  RowBlock<T> storage;
  const RowBlock<T>& block = view(id, samples, storage);
  operation.forward(block, panel);
  const std::int64_t last = block.output.panels.panels() - 1;
  if (operation.keeps_padding()) return;
  if (operation.whole_rows() || panel == last)
    zero_padding(block.output.count, block.output.panels.width(last), block.output.tile(last),
                 block.output.panels.pitch);
}

template <class T>
void Executor<T>::piece_statistics(std::size_t id, Pass pass, std::int64_t panel, PieceRange range, bool training) {
  if (range.first == range.last) return;
  Workspace& work = work_[id];
  const std::size_t width = work.statistics.size() / static_cast<std::size_t>(pieces());
  RowBlock<T> seen = work.all_rows;
  seen.training = training;
  for (std::int64_t piece = range.first; piece < range.last; ++piece) {
    narrow(seen, samples_of(PieceRange{piece, piece + 1}));
    // What statistics are made of is kept: the backward pass reads it again, or no chain passes it on.
    assert(chain_values_ == nullptr || chain_values_->keeps(graph_.nodes()[id].inputs[0]));
    graph_.nodes()[id].operation->leaf_statistics(
        seen, pass, panel, std::span(work.statistics).subspan(static_cast<std::size_t>(piece) * width, width));
  }
}

/// The pieces of each leaf meet in a tree of their own; leaves one row each of the statistics.
template <class T>
void Executor<T>::fold_pieces(std::size_t id, std::size_t width, const Merge& merge) {
  const std::int64_t each = pieces_of_leaf();
  if (each == 1) return;
  std::vector<double>& statistics = work_[id].statistics;
  const auto row = [&](std::int64_t i) {
    return std::span(statistics).subspan(static_cast<std::size_t>(i) * width, width);
  };
  const std::int64_t all = pieces();
  for (std::int64_t leaf = 0; leaf < batch_.leaves.size(); ++leaf) {
    const std::int64_t first = leaf * each;
    const std::int64_t last = std::min(all, first + each);
    for (std::int64_t step = 1; step < last - first; step *= 2) {
      for (std::int64_t left = first; left + step < last; left += 2 * step) {
        const std::int64_t right = left + step;
        merge(row(left), row(right), samples_of(PieceRange{left, right}).count,
              samples_of(PieceRange{right, std::min(last, right + step)}).count);
      }
    }
    if (leaf > 0) std::copy_n(row(first).begin(), width, row(leaf).begin());
  }
  statistics.resize(static_cast<std::size_t>(batch_.leaves.size()) * width);
}

template <class T>
void Executor<T>::reserve_statistics(std::size_t id, Pass pass, bool training) {
  Workspace& work = work_[id];
  const StatisticsPlan plan = graph_.nodes()[id].operation->statistics(pass, training, work.input_shapes);
  work.statistics.resize(static_cast<std::size_t>(work.per_sample ? pieces() * plan.width : plan.width));
}

template <class T>
void Executor<T>::synchronize(std::size_t id, Pass pass) {
  const Node& node = graph_.nodes()[id];
  Workspace& work = work_[id];
  const StatisticsPlan plan = node.operation->statistics(pass, batch_.training, work.input_shapes);
  const auto width = static_cast<std::size_t>(plan.width);
  // Statistics come with their merge. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker)
  if (work.per_sample) fold_pieces(id, width, *plan.merge);
  if (id == until_ && pass == Pass::forward && !node.shape.per_sample) {
    leaf_statistics_ = work.statistics;
    statistics_width_ = plan.width;
    return;
  }
  if (pass == Pass::backward && keeps_leaf_sums(node, work.input_shapes)) work.leaf_sums = work.statistics;
  std::span<const double> merged = work.statistics;
  if (work.per_sample) {
    assert(batch_.leaves.first == batch_.share->range().first && batch_.leaves.last == batch_.share->range().last);
    // Statistics come with their merge. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker)
    fold_leaves_in_place(*batch_.share, width, *plan.merge, work.statistics,
                         [](std::int64_t tasks, const auto& task) { parallel_for(tasks, task); });
    merged_.resize(width);
    sums_.tree_reduce(*batch_.share, std::span(work.statistics).first(batch_.share->nodes().size() * width),
                      *plan.merge, merged_);
    merged = merged_;
  }
  node.operation->finish(view(id, {}), pass, merged, batch_.share->cut().samples, state_of(id));
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

// The members of this file; executor.cpp has the others. NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define SHOAL_PHASES_OF(T)                                                                        \
  template void Executor<T>::run(const Phase&, Pass, std::span<T* const>);                        \
  template void Executor<T>::run_tiles(const TaskGroup&, Pass, std::int64_t, PieceRange);         \
  template void Executor<T>::forward_tile(std::size_t, SampleRange, std::int64_t);                \
  template void Executor<T>::piece_statistics(std::size_t, Pass, std::int64_t, PieceRange, bool); \
  template void Executor<T>::fold_pieces(std::size_t, std::size_t, const Merge&);                 \
  template void Executor<T>::reserve_statistics(std::size_t, Pass, bool);                         \
  template void Executor<T>::synchronize(std::size_t, Pass);                                      \
  template void Executor<T>::forward_whole(std::size_t);
SHOAL_PHASES_OF(float)
SHOAL_PHASES_OF(double)
#undef SHOAL_PHASES_OF
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace shoal
