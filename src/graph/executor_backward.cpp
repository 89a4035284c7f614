// The backward pass of an executor.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "graph/chain_values.hpp"
#include "graph/gradient_buffers.hpp"
#include "graph/pass_schedules.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {

/// Whether `until` depends on node `id` through an operation per sample, or through one on whole values.
template <class T>
bool Executor<T>::used_by(std::size_t id, bool per_sample) const {
  return std::any_of(work_[id].uses.begin(), work_[id].uses.end(),
                     [&](const auto& use) { return reached_[use.first] && work_[use.first].per_sample == per_sample; });
}

/// Gradient of some samples of a value per sample: its uses, in reverse order of use.
template <class T>
void Executor<T>::pull_gradient(std::size_t id, SampleRange samples, std::int64_t panel) {
  const Panels<T> gradient = gradient_panels(id);
  const Node& node = graph_.nodes()[id];
  const bool kept = chain_gradients_ == nullptr || chain_gradients_->keeps(id);
  T* out = kept ? gradient.tile(panel, samples.first * node.shape.rows) : chain_tile(chain_gradients_->tile[id]);
  const std::int64_t rows = samples.count * node.shape.rows;
  const std::int64_t size = rows * gradient.pitch;
  RowBlock<T> storage;
  thread_local std::vector<T> scratch;  // made once: of images it is large, and zeros would be written for nothing
  bool first = true;
  bool padded = true;  // with zeros, by those who write
  for (auto use = work_[id].uses.rbegin(); use != work_[id].uses.rend(); ++use) {
    if (!reached_[use->first]) continue;
    const Operation& user = *graph_.nodes()[use->first].operation;
    if (!first && std::ssize(scratch) < size) scratch.resize(static_cast<std::size_t>(size));
    user.backward(view(use->first, samples, storage), use->second, panel, first ? out : scratch.data());
    if (!first) add_to<T>(Extent::of(rows, gradient.width(panel), gradient.pitch), scratch.data(), out);
    first = false;
    padded = padded && user.keeps_padding();
  }
  if (!padded && panel == gradient.panels() - 1) zero_padding(rows, gradient.width(panel), out, gradient.pitch);
  if (node.operation != nullptr && graph_.nodes()[node.inputs[0]].needs_gradient)
    node.operation->take_gradient(view(id, samples, storage), panel);
}

/// Gradient of a whole value: uses by whole operations, in reverse order, then those by samples. By this thread alone.
template <class T>
void Executor<T>::pull_whole_gradient(std::size_t id) {
  const Node& node = graph_.nodes()[id];
  const Panels<T> gradient = gradient_panels(id);
  std::fill_n(gradient.data, work_[id].gradient->size(), T{0});
  std::vector<T> scratch(static_cast<std::size_t>(node.shape.rows * panel_width));
  for (auto use = work_[id].uses.rbegin(); use != work_[id].uses.rend(); ++use) {
    if (!reached_[use->first] || work_[use->first].per_sample) continue;
    for (std::int64_t panel = 0; panel < gradient.panels(); ++panel) {
      graph_.nodes()[use->first].operation->backward(view(use->first, {}), use->second, panel, scratch.data());
      add_to<T>(node.shape.rows * panel_width, scratch.data(), gradient.tile(panel));
    }
  }
  if (node.kind != Node::Kind::parameter && used_by(id, true)) pull_by_samples(id);
  const std::int64_t last = gradient.panels() - 1;
  zero_padding(node.shape.rows, gradient.width(last), gradient.tile(last));
}

/// Something computed from parameters alone, used by samples: its gradient is a sum over the batch, in float64.
template <class T>
void Executor<T>::pull_by_samples(std::size_t id) {
  const Node& node = graph_.nodes()[id];
  const Panels<T> gradient = gradient_panels(id);
  const auto width = static_cast<std::size_t>(work_[id].gradient->size());
  std::vector<double> sums(static_cast<std::size_t>(batch_.leaves.size()) * width);
  std::array<T, panel_width * panel_width> tile{};
  for (std::int64_t leaf = batch_.leaves.first; leaf < batch_.leaves.last; ++leaf) {
    double* mine = sums.data() + static_cast<std::size_t>(leaf - batch_.leaves.first) * width;
    for (auto use = work_[id].uses.rbegin(); use != work_[id].uses.rend(); ++use) {
      if (!reached_[use->first] || !work_[use->first].per_sample) continue;
      for (std::int64_t panel = 0; panel < gradient.panels(); ++panel) {
        for (std::int64_t first = 0; first < node.shape.rows; first += panel_width) {
          const std::int64_t count = std::min(panel_width, node.shape.rows - first);
          graph_.nodes()[use->first].operation->gradient(view(use->first, samples_of(LeafRange{leaf, leaf + 1})),
                                                         use->second, panel, first, count, tile.data());
          for (std::int64_t i = 0; i < count * panel_width; ++i)
            mine[(panel * node.shape.rows + first) * panel_width + i] +=
                static_cast<double>(tile[static_cast<std::size_t>(i)]);
        }
      }
    }
  }
  const AddMerge add;
  std::vector<double> merged(width);
  fold_leaves_in_place(*batch_.share, width, add, sums);
  sums_.tree_reduce(*batch_.share, std::span(sums).first(batch_.share->nodes().size() * width), add, merged);
  for (std::size_t i = 0; i < width; ++i) gradient.data[i] += static_cast<T>(merged[i]);
}

/// Tile `task` of a parameter's gradient over this process's leaves, along the tree: one partial per tree node.
template <class T>
void Executor<T>::parameter_tile(std::size_t id, std::int64_t task, std::span<T* const> partials) {
  const Parameter& parameter = graph_.parameters()[graph_.nodes()[id].parameter];
  const auto& uses = work_[id].uses;
  const std::int64_t each = work_[id].gradient_rows;
  const std::int64_t row_blocks = (parameter.rows + each - 1) / each;
  const std::int64_t panel = task / row_blocks;
  const std::int64_t first = task % row_blocks * each;
  const std::int64_t count = std::min(each, parameter.rows - first);
  const std::int64_t size = count * panel_width;
  RowBlock<T> storage;
  const auto use_gradient = [&](const auto& use, LeafRange leaves, T* out) {
    graph_.nodes()[use.first].operation->gradient(view(use.first, samples_of(leaves), storage), use.second, panel,
                                                  first, count, out);
  };
  // What a leaf's statistics say of it, if they do.
  const auto in_statistics = [&](const auto& use) -> std::optional<std::int64_t> {
    if (work_[use.first].leaf_sums.empty()) return std::nullopt;
    return graph_.nodes()[use.first].operation->gradient_in_statistics(use.second, work_[use.first].input_shapes);
  };
  const auto take_from_statistics = [&](const auto& use, std::int64_t at, std::int64_t leaf, T* out) {
    const std::vector<double>& sums = work_[use.first].leaf_sums;
    const std::int64_t width = std::ssize(sums) / batch_.leaves.size();
    const double* mine = sums.data() + (leaf - batch_.leaves.first) * width + at + panel * panel_width;
    for (std::int64_t c = 0; c < panel_width; ++c) out[c] = static_cast<T>(mine[c]);
  };
  const auto per_sample = [&](const auto& use) { return reached_[use.first] && work_[use.first].per_sample; };
  const bool by_whole = used_by(id, false);
  const bool once = !by_whole && std::count_if(uses.begin(), uses.end(), per_sample) == 1 &&
                    std::none_of(uses.begin(), uses.end(), in_statistics);
  // Elsewhere the uses of a leaf meet before the leaves do.
  std::vector<T> scratch(once ? 0 : static_cast<std::size_t>(size));
  const auto leaf_gradient = [&](std::int64_t leaf, T* out) {
    std::fill_n(out, size, T{0});
    bool any = false;
    for (auto use = uses.rbegin(); use != uses.rend(); ++use) {
      if (!per_sample(*use)) continue;
      T* const to = any ? scratch.data() : out;
      if (const auto at = in_statistics(*use))
        take_from_statistics(*use, *at, leaf, to);
      else
        use_gradient(*use, {leaf, leaf + 1}, to);
      if (any) add_to<T>(size, scratch.data(), out);
      any = true;
    }
    if (leaf == 0 && by_whole) add_to<T>(size, gradient_panels(id).tile(panel, first), out);
  };
  const auto nodes = batch_.share->nodes();
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    T* result = parameter.in(partials[n]).tile(panel, first);
    const LeafRange range = nodes[n].leaves(batch_.share->cut().leaves());
    if (once) {
      use_gradient(*std::find_if(uses.begin(), uses.end(), per_sample), range, result);
    } else {
      std::vector<std::vector<T>> stack;  // one partial per level of the tree
      for (std::int64_t leaf = range.first; leaf < range.last; ++leaf) {
        leaf_gradient(leaf, stack.emplace_back(static_cast<std::size_t>(size)).data());
        int merges = merges_after(leaf - range.first, leaf + 1 == range.last, static_cast<int>(stack.size()));
        for (; merges > 0; --merges, stack.pop_back())
          add_to<T>(size, stack.back().data(), stack[stack.size() - 2].data());
      }
      std::copy_n(stack[0].data(), size, result);
    }
    if (panel == panels_of(parameter.columns) - 1) zero_padding(count, parameter.columns - panel * panel_width, result);
  }
}

/// Buffers for the gradients of a pass that ends at `until_`.
template <class T>
void Executor<T>::share_gradients() {
  const auto nodes = graph_.nodes();
  const Schedule& backward = schedules_->backward(until_, batch_.training);
  *chain_gradients_ = chain_gradients(graph_, backward);
  std::vector<bool> wanted;
  for (std::size_t id = 0; id < nodes.size(); ++id)
    wanted.push_back(nodes[id].needs_gradient && chain_gradients_->keeps(id));
  const std::vector<int> number = shared_buffers(graph_, backward, wanted);
  std::map<int, std::shared_ptr<Buffer<T>>> buffers;
  for (std::size_t id = 0; id < nodes.size(); ++id) {
    if (number[id] < 0) continue;
    std::shared_ptr<Buffer<T>>& buffer = buffers[number[id]];
    if (buffer == nullptr)
      buffer = std::make_shared<Buffer<T>>(
          padded_size(capacity_ * nodes[id].shape.rows, nodes[id].shape.columns, work_[id].pitch));
    work_[id].gradient = buffer;
  }
  gradients_of_ = {until_, batch_.training};
  for (std::size_t id = 0; id <= until_; ++id) {
    if (nodes[id].operation == nullptr) continue;
    work_[id].everything = everything(id);
    if (reached_[id]) work_[id].all_rows = view(id, samples_of(batch_.leaves));
  }
}

template <class T>
void Executor<T>::backward(std::span<T* const> partials, const GradientsComplete& complete) {
  if (chain_values_ != nullptr && gradients_of_ != std::pair(until_, batch_.training)) share_gradients();
  const auto parameters = graph_.parameters();
  for (Workspace& work : work_) work.leaf_sums.clear();
  std::vector<bool> done;
  // Parameters that `until` does not depend on come first, so that the others complete from the last to the first.
  for (const Parameter& parameter : parameters) {
    done.push_back(!reached_[parameter.node]);
    if (reached_[parameter.node]) continue;
    for (T* partial : partials) std::fill_n(partial + parameter.offset, parameter.size(), T{0});
  }
  // The derivative of a sum over samples, or of a whole value, with respect to itself.
  if (graph_.nodes()[until_].needs_gradient) *gradient_panels(until_).tile(0) = T{1};
  std::size_t from = parameters.size();
  with_team([&] {
    if (!prepared_.empty())
      parallel_for(std::ssize(prepared_), [&](std::int64_t i) {
        const std::size_t id = prepared_[static_cast<std::size_t>(i)];
        if (reached_[id]) graph_.nodes()[id].operation->prepare_backward(work_[id].all_rows);
      });
    for (const Phase& phase : schedules_->backward(until_, batch_.training)) {
      run(phase, Pass::backward, partials);
      for (std::size_t id : phase.parameters) done[graph_.nodes()[id].parameter] = true;
      for (; from > 0 && done[from - 1]; --from) {
        if (complete && reached_[parameters[from - 1].node]) complete(from - 1);
      }
    }
  });
}

// The members of this file; executor.cpp has the others. NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define SHOAL_BACKWARD_OF(T)                                                                 \
  template bool Executor<T>::used_by(std::size_t, bool) const;                               \
  template void Executor<T>::share_gradients();                                              \
  template void Executor<T>::pull_gradient(std::size_t, SampleRange, std::int64_t);          \
  template void Executor<T>::pull_whole_gradient(std::size_t);                               \
  template void Executor<T>::pull_by_samples(std::size_t);                                   \
  template void Executor<T>::parameter_tile(std::size_t, std::int64_t, std::span<T* const>); \
  template void Executor<T>::backward(std::span<T* const>, const GradientsComplete&);
SHOAL_BACKWARD_OF(float)
SHOAL_BACKWARD_OF(double)
#undef SHOAL_BACKWARD_OF
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace shoal
