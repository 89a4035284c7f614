#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "shoal/graph/graph.hpp"

namespace shoal {

/// What a graph makes of a few samples at test time, by the thread that calls and without any memory once it is made:
/// for predictions in the middle of somebody else's program. The bits are those of Executor::forward(), for an
/// operation sees a sample by itself.
class ForwardPass {
 public:
  /// @param until       a value per sample, which operations make
  /// @param capacity    most samples at a time
  /// @param parameters  graph.parameter_size() floats, which are read in every run; they and the graph outlive this
  /// @param states      graph.state_size(); read here alone, as is what follows from parameters alone
  ForwardPass(const Graph& graph, Value until, std::int64_t capacity, const float* parameters,
              std::span<const double> states);

  std::int64_t capacity() const { return capacity_; }
  /// Where the caller writes the rows of an input before run(); padding stays zero.
  Panels<float> input(Value value) const { return values_[value.id()]; }
  /// The rows of `until`, valid until the next run.
  Panels<const float> run(std::int64_t samples);

  /// What it takes of memory for each sample, nearly.
  static std::size_t bytes_per_sample(const Graph& graph, Value until);

 private:
  struct Step {
    const Operation* operation;
    RowBlock<float> block;
  };
  /// Steps [first, last) on panel after panel, so that a tile is in cache from one to the next.
  struct Chain {
    std::size_t first, last;
    std::int64_t panels;
  };
  struct Free {
    void operator()(void* memory) const;
  };

  void add(std::size_t id, std::span<const double> states);
  void run_panel(const Step& step, std::int64_t panel) const;
  std::byte* reserve(std::size_t bytes);

  const Graph& graph_;
  std::int64_t capacity_;
  std::int64_t samples_ = 0;  // in the blocks
  std::size_t until_;
  std::vector<std::unique_ptr<void, Free>> memory_;
  std::vector<Panels<float>> values_;  // of nodes
  std::span<std::byte> scratch_;
  std::vector<Step> steps_;
  std::vector<Chain> chains_;
};

}  // namespace shoal
