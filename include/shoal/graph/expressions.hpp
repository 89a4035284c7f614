#pragma once

#include <string>
#include <utility>
#include <vector>

#include "shoal/graph/graph.hpp"

namespace shoal {

// Expressions of values. Two operands have the same columns, or one of them has one column; of a per-sample and a whole
// operand, the whole one has one row, which every sample uses.
Value operator+(Value a, Value b);
Value operator-(Value a, Value b);
Value operator*(Value a, Value b);
Value operator/(Value a, Value b);
Value operator+(Value a, double b);
Value operator+(double a, Value b);
Value operator-(Value a, double b);
Value operator-(double a, Value b);
Value operator*(Value a, double b);
Value operator*(double a, Value b);
Value operator/(Value a, double b);
Value operator/(double a, Value b);
Value operator-(Value a);

Value relu(Value x);
Value leaky_relu(Value x, double slope = 0.01);
Value tanh(Value x);
Value sigmoid(Value x);
Value gelu(Value x);  ///< x times the standard normal distribution function of x, not its tanh approximation
Value silu(Value x);  ///< x * sigmoid(x)
Value exp(Value x);
Value log(Value x);
Value sqrt(Value x);
Value square(Value x);

/// relu, leaky_relu, tanh, sigmoid, gelu, silu, identity.
std::vector<std::string> activation_names();
/// A function by name. @throws Error (usage) naming those there are.
Value activation(const std::string& name, Value x);

/// x W + b: x (rows, D), weight (D, K), bias (K) or none.
Value dense(Value x, Value weight);
Value dense(Value x, Value weight, Value bias);

/// Sum over all elements, and over all samples of the batch, in float64: a whole value of one element.
Value sum(Value x);

/// One column, repeated; columns >= 1.
Value broadcast(Value x, std::int64_t columns);

/// An elementwise function of your own: f(x) and derivative(x, y), generic over float and double. Padding is not your
/// concern.
template <class F, class D>
class Mapped final : public OperationOf<Mapped<F, D>> {
 public:
  Mapped(std::string name, F f, D derivative)
      : name_(std::move(name)), f_(std::move(f)), derivative_(std::move(derivative)) {}
  std::string_view name() const override { return name_; }
  ValueShape shape(std::span<const ValueShape> inputs) const override { return inputs[0]; }
  bool tilewise() const override { return true; }
  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const T* x = rows.input[0].tile(panel);
    T* y = rows.output.tile(panel);
    for (std::int64_t i = 0; i < rows.output.count * panel_width; ++i) y[i] = f_(x[i]);
  }
  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const T* x = rows.input[0].tile(panel);
    const T* y = rows.output.tile(panel);
    const T* dy = rows.output_gradient.tile(panel);
    for (std::int64_t i = 0; i < rows.output.count * panel_width; ++i) out[i] = derivative_(x[i], y[i]) * dy[i];
  }

 private:
  std::string name_;
  F f_;
  D derivative_;
};

template <class F, class D>
Value map(Value x, std::string name, F f, D derivative) {
  return x.graph().apply(std::make_shared<Mapped<F, D>>(std::move(name), std::move(f), std::move(derivative)), {x});
}

}  // namespace shoal
