// Layers of images and norms against PyTorch, against central differences, and against themselves.
#include <gtest/gtest.h>

#include <cstring>

#include "gradient_check.hpp"
#include "shoal/core/json.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/io/file.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

double number_in(std::int64_t i, std::int64_t step, std::int64_t modulus, double scale) {
  return static_cast<double>(i * step % modulus - modulus / 2) / scale;
}

/// A case of tests/golden/layers.json.
struct LayerCase {
  LayerSpec layer;
  std::int64_t samples = 0;
  ValueShape in, out;
  std::int64_t modulus = 0;
  std::vector<double> y, dx, dgamma, dbeta;
};

std::vector<double> numbers_of(const Json& json, const std::string& key) {
  std::vector<double> numbers;
  for (const auto& [name, list] : json.members()) {
    if (name != key) continue;
    for (const Json& number : list.items()) numbers.push_back(number.number());
  }
  return numbers;
}

ValueShape shape_of(const std::vector<double>& s) {
  const auto side = [&](std::size_t i) { return i < s.size() ? static_cast<std::int64_t>(s[i]) : 1; };
  return image_shape(side(1), side(2), side(3));
}

const std::vector<LayerCase>& layer_cases() {
  static const std::vector<LayerCase> all = [] {
    std::vector<LayerCase> found;
    const Json list = Json::parse(read_text(SHOAL_SOURCE_DIR "/tests/golden/layers.json"));
    for (const Json& json : list.items()) {
      LayerCase& c = found.emplace_back();
      for (const auto& [key, value] : json.at("layer").members()) {
        if (key == "type") {
          c.layer.type = value.string();
        } else if (key == "epsilon") {
          c.layer.settings[key] = value.number();
        } else {
          c.layer.settings[key] = value.integer();
        }
      }
      c.samples = static_cast<std::int64_t>(numbers_of(json, "shape")[0]);
      c.in = shape_of(numbers_of(json, "shape"));
      c.out = shape_of(numbers_of(json, "out_shape"));
      c.modulus = json.at("modulus").integer();
      c.y = numbers_of(json, "y");
      c.dx = numbers_of(json, "dx");
      c.dgamma = numbers_of(json, "dgamma");
      c.dbeta = numbers_of(json, "dbeta");
    }
    return found;
  }();
  return all;
}

/// A case as a graph: x is a parameter with a row for each position of each sample, so that it has a gradient.
template <class T>
struct CaseRun {
  explicit CaseRun(const LayerCase& c, std::int64_t leaf_samples)
      : rows(c.samples * c.in.rows),
        pick(graph.input("pick", {true, c.in.rows, rows, c.in.width})),
        x(graph.variable("x", {rows, c.in.columns}, zeros())),
        y(build_layers(graph, {c.layer}, dense(pick, x))),
        dy(graph.input("dy", y.shape())),
        loss(sum(y * dy)),
        share(LeafCut{c.samples, leaf_samples}),
        executor(graph, c.samples, sums),
        parameters(graph.parameter_size()),
        gradient(graph.parameter_size()) {
    EXPECT_EQ(y.shape(), c.out);
    executor.bind(parameters.data(), {});
    for (std::int64_t r = 0; r < rows; ++r) executor.input(pick).at(r, r) = T{1};
    for_elements(c.in, c.samples, [&](std::int64_t i, std::int64_t row, std::int64_t column) {
      graph.parameters()[0].in(parameters.data()).at(row, column) = static_cast<T>(number_in(i, 79, c.modulus, 25));
    });
    for_elements(c.out, c.samples, [&](std::int64_t i, std::int64_t row, std::int64_t column) {
      executor.input(dy).at(row, column) = static_cast<T>(number_in(i, 31, 17, 8));
    });
    for (const Parameter& p : graph.parameters().subspan(1)) {
      const bool gamma = p.name.ends_with("gamma");
      for (std::int64_t i = 0; i < p.columns; ++i)
        p.in(parameters.data()).at(0, i) = static_cast<T>(gamma ? 1.0 + number_in(i, 5, 7, 4) : number_in(i, 3, 5, 4));
    }
    const std::vector<std::int64_t> ids(static_cast<std::size_t>(c.samples));
    executor.forward({&share, share.range(), true, 1, 1, ids}, loss);
    T* partial = gradient.data();
    executor.backward(std::span<T* const>(&partial, 1));
  }

  /// visit(place in the order (N, C, H, W), row, column)
  template <class Visit>
  static void for_elements(const ValueShape& shape, std::int64_t samples, Visit visit) {
    std::int64_t i = 0;
    for (std::int64_t s = 0; s < samples; ++s)
      for (std::int64_t c = 0; c < shape.columns; ++c)
        for (std::int64_t r = 0; r < shape.rows; ++r) visit(i++, s * shape.rows + r, c);
  }

  std::int64_t rows;
  Graph graph;
  Value pick, x, y, dy, loss;
  LocalTreeSum sums;
  LeafShare share;
  Executor<T> executor;
  Buffer<T> parameters, gradient;
};

void expect_close(double value, double expected, const std::string& what) {
  EXPECT_NEAR(value, expected, 1e-12 * std::max(1.0, std::fabs(expected))) << what;
}

TEST(LayerValues, AndDerivativesAreThoseOfPyTorch) {
  for (const LayerCase& c : layer_cases()) {
    const CaseRun<double> run(c, c.samples);
    const auto at = [](const std::vector<double>& list, std::int64_t i) {
      return list.at(static_cast<std::size_t>(i));
    };
    CaseRun<double>::for_elements(c.out, c.samples, [&](std::int64_t i, std::int64_t row, std::int64_t column) {
      expect_close(run.executor.value(run.y).at(row, column), at(c.y, i), c.layer.type);
    });
    Buffer<double>& gradient = const_cast<Buffer<double>&>(run.gradient);
    CaseRun<double>::for_elements(c.in, c.samples, [&](std::int64_t i, std::int64_t row, std::int64_t column) {
      expect_close(run.graph.parameters()[0].in(gradient.data()).at(row, column), at(c.dx, i), c.layer.type + " dx");
    });
    for (const Parameter& p : run.graph.parameters().subspan(1)) {
      for (std::int64_t i = 0; i < p.columns; ++i)
        expect_close(p.in(gradient.data()).at(0, i), at(p.name.ends_with("gamma") ? c.dgamma : c.dbeta, i), p.name);
    }
    const Panels<const double> y = run.executor.value(run.y);
    for (std::int64_t r = 0; r < c.samples * c.out.rows; ++r)
      for (std::int64_t column = c.out.columns; column < y.panels() * panel_width; ++column)
        ASSERT_EQ(y.at(r, column), 0.0) << "padding of " << c.layer.type;
  }
}

TEST(LayerValues, AreTheSameBitsForAnyLeavesAndThreads) {
  const int kept = threads();
  for (const LayerCase& c : layer_cases()) {
    set_threads(1);
    const CaseRun<float> all(c, c.samples);
    const CaseRun<float> each(c, 1);
    set_threads(3);
    const CaseRun<float> again(c, c.samples);
    set_threads(kept);
    const auto bytes = static_cast<std::size_t>(all.gradient.size()) * sizeof(float);
    EXPECT_EQ(std::memcmp(all.gradient.data(), again.gradient.data(), bytes), 0) << c.layer.type;
    for (std::int64_t r = 0; r < c.samples * c.out.rows; ++r) {
      for (std::int64_t column = 0; column < c.out.columns; ++column) {
        const float value = all.executor.value(all.y).at(r, column);
        ASSERT_EQ(each.executor.value(each.y).at(r, column), value) << c.layer.type;
        ASSERT_EQ(again.executor.value(again.y).at(r, column), value) << c.layer.type;
      }
    }
    // A row of x is of one sample alone, so that its gradient does not depend on leaves.
    for (std::int64_t r = 0; r < all.rows; ++r)
      for (std::int64_t column = 0; column < c.in.columns; ++column)
        ASSERT_EQ(all.graph.parameters()[0].in(all.gradient.data()).at(r, column),
                  each.graph.parameters()[0].in(each.gradient.data()).at(r, column))
            << c.layer.type;
  }
}

TEST(LayerValues, EveryDerivativeEqualsCentralDifferences) {
  set_threads(1);  // thousands of passes of a few samples
  for (const LayerCase& c : layer_cases()) {
    if (c.in.rows > 60) continue;  // small ones show as much
    Graph g;
    const Value x = g.input("x", {true, c.in.rows, 3, c.in.width});
    const Value map = g.variable("map", {3, c.in.columns}, zeros());
    const Value y = build_layers(g, {c.layer}, dense(x, map));
    const Value factor = g.input("factor", y.shape());
    GradientCheck check(g, sum(square(y) * factor), 5, 2);
    std::mt19937 generator(4);
    std::normal_distribution<double> normal;
    for (const Value input : {x, factor}) {
      for (std::int64_t r = 0; r < 5 * input.shape().rows; ++r)
        for (std::int64_t column = 0; column < input.shape().columns; ++column)
          check.executor.input(input).at(r, column) = normal(generator);
    }
    SCOPED_TRACE(c.layer.type);
    check.expect_derivatives(1e-5);
  }
}

}  // namespace
}  // namespace shoal
