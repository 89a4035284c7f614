#pragma once

#include <cstddef>

#include "shoal/graph/graph.hpp"

namespace shoal {

// What a graph takes of a sample, without making anything. In doubles: a graph may be larger than 64 bits count.

/// Multiply-adds of a sample in the product of operation `id` with its input number `input`; 0 where that is none.
double product_of(const Graph& graph, std::size_t id, std::size_t input);
/// Of all operations, forward. The backward pass has about twice as many.
double multiply_adds(const Graph& graph);
/// Elements that an executor keeps of a sample: values, gradients (of images with a backward pass alone) and what
/// operations put aside.
double kept_elements(const Graph& graph, bool backward);

}  // namespace shoal
