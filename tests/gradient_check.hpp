// Derivatives of a graph against central differences, in double precision, over a batch cut into leaves.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "shoal/core/tree_sum.hpp"
#include "shoal/graph/executor.hpp"

namespace shoal {

struct GradientCheck {
  GradientCheck(const Graph& graph, Value loss, std::int64_t samples, std::int64_t leaf_samples)
      : graph(graph),
        loss(loss),
        share(LeafCut{samples, leaf_samples}),
        executor(graph, samples, sums),
        parameters(graph.parameter_size()),
        states(static_cast<std::size_t>(graph.state_size())) {
    for (std::int64_t i = 0; i < samples; ++i) ids.push_back(100 + i);
    std::mt19937 generator(5);
    std::normal_distribution<double> normal;
    for (const Parameter& p : graph.parameters()) {
      for (std::int64_t r = 0; r < p.rows; ++r)
        for (std::int64_t c = 0; c < p.columns; ++c) p.in(parameters.data()).at(r, c) = 0.3 + 0.5 * normal(generator);
    }
    executor.bind(parameters.data(), states);
  }

  void fill(Value input, const std::function<double(std::int64_t, std::int64_t)>& f) {
    const Panels<double> panels = executor.input(input);
    const std::int64_t rows = (input.shape().per_sample ? share.cut().samples : 1) * input.shape().rows;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < panels.columns; ++c) panels.at(r, c) = f(r, c);
  }
  void fill_normal(Value input, double mean = 0.0, unsigned seed = 1) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> normal(mean, 1);
    fill(input, [&](std::int64_t, std::int64_t) { return normal(generator); });
  }

  Batch batch() const { return {&share, share.range(), true, 3, 7, ids}; }

  double value() {
    graph.initialize_states(states);
    executor.forward(batch(), loss);
    if (executor.leaf_statistics().empty()) return *executor.value(loss).data;
    const auto width = static_cast<std::size_t>(executor.statistics_width());
    return fold_leaves(share, width, AddMerge(), executor.leaf_statistics())[0];
  }

  /// Checks every element of every parameter, or one of `every`; and about `most` of each parameter, the last among
  /// them.
  void expect_derivatives(double tolerance = 1e-6, double h = 1e-5, std::int64_t every = 1,
                          std::int64_t most = std::numeric_limits<std::int64_t>::max()) {
    value();
    Buffer<double> gradient(graph.parameter_size());
    double* partial = gradient.data();
    executor.backward(std::span<double* const>(&partial, 1));
    for (const Parameter& p : graph.parameters()) {
      const std::int64_t count = p.rows * p.columns;
      const std::int64_t step = std::max(every, count / most | 1);
      for (std::int64_t r = 0; r < p.rows; ++r) {
        for (std::int64_t c = 0; c < p.columns; ++c) {
          const std::int64_t at = r * p.columns + c;
          if (at % step != 0 && (step == every || at + 1 != count)) continue;
          double& w = p.in(parameters.data()).at(r, c);
          const double kept = w;
          w = kept + h;
          const double high = value();
          w = kept - h;
          const double low = value();
          w = kept;
          const double expected = (high - low) / (2 * h);
          ASSERT_NEAR(p.in(gradient.data()).at(r, c), expected, tolerance * std::max(1.0, std::fabs(expected)))
              << p.name << " (" << r << ", " << c << ")";
        }
      }
      for (std::int64_t i = 0; i < p.size(); ++i) {
        const std::int64_t column = i / (p.rows * panel_width) * panel_width + i % panel_width;
        if (column >= p.columns) {
          ASSERT_EQ(gradient.data()[p.offset + i], 0.0) << "padding of " << p.name;
        }
      }
    }
  }

  const Graph& graph;
  Value loss;
  LocalTreeSum sums;
  LeafShare share;
  Executor<double> executor;
  Buffer<double> parameters;
  std::vector<double> states;
  std::vector<std::int64_t> ids;
};

}  // namespace shoal
