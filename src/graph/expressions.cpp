#include "shoal/graph/expressions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"
#include "shoal/graph/described.hpp"
#include "shoal/tensor/product_columns.hpp"

namespace shoal {
namespace {

class UnaryOperation final : public OperationOf<UnaryOperation>, public Described {
 public:
  UnaryOperation(Unary f, std::string name, double parameter = 0.0)
      : f_(f), name_(std::move(name)), parameter_(parameter) {}
  std::string_view name() const override { return name_; }
  ValueShape shape(std::span<const ValueShape> inputs) const override { return inputs[0]; }
  bool tilewise() const override { return true; }
  NarrowRows narrow_rows() const override { return NarrowRows::all_alike; }
  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    shoal::apply(f_, static_cast<T>(parameter_), extent(rows, panel), rows.input[0].tile(panel),
                 rows.output.tile(panel));
  }
  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    apply_derivative<T>(f_, static_cast<T>(parameter_), extent(rows, panel), rows.input[0].tile(panel),
                        rows.output.tile(panel), rows.output_gradient.tile(panel), out);
  }
  bool keeps_padding() const override { return keeps_zero(f_); }
  Settings settings() const override {
    if (f_ == Unary::leaky_relu) return {{"slope", parameter_}};
    return {};
  }
  bool backward_reads(std::size_t) const override {
    return f_ != Unary::relu && f_ != Unary::scale && f_ != Unary::shift;
  }
  bool backward_reads_output() const override { return f_ != Unary::scale && f_ != Unary::shift; }

 private:
  template <class T>
  static Extent extent(const RowBlock<T>& rows, std::int64_t panel) {
    const Panels<T>& y = rows.output.panels;
    return Extent::of(rows.output.count, y.width(panel), y.pitch);
  }
  Unary f_;
  std::string name_;
  double parameter_;
};

class BinaryOperation final : public OperationOf<BinaryOperation> {
 public:
  BinaryOperation(Binary f, std::string name) : f_(f), name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  bool tilewise() const override { return true; }
  NarrowRows narrow_rows() const override { return NarrowRows::all_alike; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    const ValueShape& a = in[0];
    const ValueShape& b = in[1];
    if (a.per_sample == b.per_sample ? a != b : (a.columns != b.columns || (a.per_sample ? b : a).rows != 1))
      throw Error(ExitStatus::usage,
                  fmt::format("shapes {} and {} do not fit in {}", to_string(a), to_string(b), name_));
    return a.per_sample ? a : b;
  }
  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    combine(f_, rows.output.count, rows.output.panels.width(panel), operand(rows, 0, panel), operand(rows, 1, panel),
            rows.output.tile(panel), rows.output.panels.pitch);
  }
  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t i, std::int64_t panel, T* out) const {
    combine_derivative(f_, static_cast<int>(i), rows.output.count, rows.output.panels.width(panel),
                       operand(rows, 0, panel), operand(rows, 1, panel), rows.output_gradient.tile(panel), out,
                       rows.output.panels.pitch);
  }
  bool keeps_padding() const override { return f_ != Binary::divide; }
  bool backward_reads(std::size_t) const override { return f_ == Binary::multiply || f_ == Binary::divide; }
  bool backward_reads_output() const override { return false; }

 private:
  template <class T>
  static Operand<T> operand(const RowBlock<T>& rows, std::size_t i, std::int64_t panel) {
    const bool one_row = rows.output.per_sample && !rows.input[i].per_sample;
    return {rows.input[i].tile(panel), one_row ? 0 : rows.input[i].panels.pitch};
  }
  Binary f_;
  std::string name_;
};

class DenseOperation final : public OperationOf<DenseOperation> {
 public:
  std::string_view name() const override { return "dense"; }
  bool multiplies(std::size_t input) const override { return input == 1; }
  bool backward_reads_output() const override { return false; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    if (!in[0].per_sample || in[1].per_sample || in[0].columns != in[1].rows)
      throw Error(ExitStatus::usage, fmt::format("dense takes (samples, D) and (D, K), not {} and {}", to_string(in[0]),
                                                 to_string(in[1])));
    if (in.size() > 2 && in[2] != ValueShape{false, 1, in[1].columns})
      throw Error(ExitStatus::usage,
                  fmt::format("the bias of dense is {}; it must be (1, {})", to_string(in[2]), in[1].columns));
    return {true, in[0].rows, in[1].columns, in[0].width};
  }
  /// derived: the output's gradient transposed, [blocks of 32 rows][units][32], so that dx^T = W dy^T reads W as it
  /// lies. A copy of W^T would cost more for the batches of training, and every writer of W had to renew it.
  std::int64_t derived_size(std::span<const ValueShape> in, std::int64_t capacity) const override {
    return panels_of(capacity * in[0].rows) * in[1].columns * panel_width;
  }
  bool forward_derives() const override { return false; }
  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const Rows<const T>& x = rows.input[0];
    const Rows<const T>& bias = rows.input[2];
    product_columns<T>(rows.output.count, x.columns(), rows.output.panels.width(panel), x.tile(0),
                       x.panels.rows * panel_width, rows.input[1].tile(panel),
                       bias.panels.data == nullptr ? nullptr : bias.tile(panel), rows.output.tile(panel));
  }
  template <class T>
  void take_gradient_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const Rows<const T>& dy = rows.output_gradient;
    const std::int64_t width = dy.panels.width(panel);
    for_blocks(dy.first, dy.count, [&](std::int64_t block, std::int64_t begin, std::int64_t count) {
      T* out = transposed(rows, block) + panel * panel_width * panel_width + begin % panel_width;
      transpose_tile<T>(count, width, dy.panels.tile(panel, begin), panel_width, out, panel_width);
    });
  }
  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const Rows<const T>& dy = rows.output_gradient;
    const Panels<const T>& w = rows.input[1].panels;
    const std::int64_t inputs = std::min(panel_width, w.rows - panel * panel_width);
    for_blocks(dy.first, dy.count, [&](std::int64_t block, std::int64_t begin, std::int64_t count) {
      alignas(64) T dx[panel_width * panel_width];  // (inputs, 32 rows)
      product_panel<T>(inputs, w.columns, w.tile(0, panel * panel_width), w.rows * panel_width, transposed(rows, block),
                       nullptr, dx);
      transpose_tile<T>(inputs, count, dx + begin % panel_width, panel_width, out + (begin - dy.first) * panel_width,
                        panel_width);
    });
  }
  template <class T>
  void gradient_block(const RowBlock<T>& rows, std::size_t i, std::int64_t panel, std::int64_t first,
                      std::int64_t count, T* out) const {
    const T* dy = rows.output_gradient.tile(panel);
    if (i == 2) return column_sum<T>(rows.output.count, rows.leaf_rows(), rows.output.panels.width(panel), dy, out);
    gradient_panel<T>(rows.output.count, rows.leaf_rows(),
                      rows.input[0].tile(first / panel_width) + first % panel_width, count, dy, out);
  }

 private:
  /// Rows [first, first + count), cut where a block of 32 ends.
  template <class F>
  static void for_blocks(std::int64_t first, std::int64_t count, F f) {
    for (std::int64_t begin = first; begin < first + count;) {
      const std::int64_t block = begin / panel_width;
      const std::int64_t end = std::min(first + count, (block + 1) * panel_width);
      f(block, begin, end - begin);
      begin = end;
    }
  }
  template <class T>
  static T* transposed(const RowBlock<T>& rows, std::int64_t block) {
    return rows.derived.data() + block * rows.output_gradient.columns() * panel_width;
  }
};

class SumOperation final : public OperationOf<SumOperation> {
 public:
  std::string_view name() const override { return "sum"; }
  ValueShape shape(std::span<const ValueShape>) const override { return {}; }
  StatisticsPlan statistics(Pass pass, bool, std::span<const ValueShape>) const override {
    static const AddMerge add;
    return pass == Pass::forward ? StatisticsPlan{1, &add} : StatisticsPlan{};
  }
  template <class T>
  void statistics_leaf(const RowBlock<T>& rows, Pass, std::int64_t panel, std::span<double> out) const {
    if (panel != 0) return;  // all panels in one task, in order: the sum is one chain
    const Rows<const T>& x = rows.input[0];
    double sum = 0.0;
    for (std::int64_t p = 0; p < x.panels.panels(); ++p) {
      for (std::int64_t i = 0; i < x.count * panel_width; ++i) sum += static_cast<double>(x.tile(p)[i]);
    }
    out[0] = sum;
  }
  template <class T>
  void finish_block(const RowBlock<T>& rows, Pass, std::span<const double> merged, std::int64_t,
                    std::span<double>) const {
    *rows.output.tile(0) = static_cast<T>(merged[0]);
  }
  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t, T* out) const {
    std::fill_n(out, rows.input[0].count * panel_width, *rows.output_gradient.tile(0));
  }
};

class BroadcastOperation final : public OperationOf<BroadcastOperation> {
 public:
  explicit BroadcastOperation(std::int64_t columns) : columns_(columns) {}
  std::string_view name() const override { return "broadcast"; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    if (in[0].columns != 1)
      throw Error(ExitStatus::usage, fmt::format("broadcast takes one column, not {}", to_string(in[0])));
    if (columns_ < 1) throw Error(ExitStatus::usage, fmt::format("broadcast to {} columns; make 1 or more", columns_));
    return {in[0].per_sample, in[0].rows, columns_, in[0].width};
  }
  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const T* x = rows.input[0].tile(0);
    T* y = rows.output.tile(panel);
    for (std::int64_t r = 0; r < rows.output.count; ++r)
      std::fill_n(y + r * panel_width, panel_width, x[r * panel_width]);
  }
  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t, T* out) const {
    const Rows<const T>& dy = rows.output_gradient;
    for (std::int64_t r = 0; r < dy.count; ++r) {
      T sum{0};
      for (std::int64_t p = 0; p < dy.panels.panels(); ++p) {
        for (std::int64_t c = 0; c < panel_width; ++c) sum += dy.tile(p)[r * panel_width + c];
      }
      std::fill_n(out + r * panel_width, panel_width, T{0});
      out[r * panel_width] = sum;
    }
  }

 private:
  std::int64_t columns_;
};

class ColumnOperation final : public OperationOf<ColumnOperation> {
 public:
  explicit ColumnOperation(std::int64_t column) : column_(column) {}
  std::string_view name() const override { return "column"; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    if (column_ < 0 || column_ >= in[0].columns)
      throw Error(ExitStatus::usage,
                  fmt::format("column {} of a value of {} columns; count from 0", column_, in[0].columns));
    return {in[0].per_sample, in[0].rows, 1, in[0].width};
  }
  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t) const {
    const T* x = rows.input[0].tile(column_ / panel_width) + column_ % panel_width;
    for (std::int64_t r = 0; r < rows.output.count; ++r) rows.output.tile(0)[r * panel_width] = x[r * panel_width];
  }
  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    std::fill_n(out, rows.output.count * panel_width, T{0});
    if (panel != column_ / panel_width) return;
    for (std::int64_t r = 0; r < rows.output.count; ++r) {
      out[r * panel_width + column_ % panel_width] = rows.output_gradient.tile(0)[r * panel_width];
    }
  }

 private:
  std::int64_t column_;
};

Value unary(Unary f, std::string name, Value x, double parameter = 0.0) {
  return x.graph().apply(std::make_shared<UnaryOperation>(f, std::move(name), parameter), {x});
}

Value binary(Binary f, std::string name, Value a, Value b) {
  const std::int64_t columns = std::max(a.shape().columns, b.shape().columns);
  if (a.shape().columns == 1 && columns > 1) a = broadcast(a, columns);
  if (b.shape().columns == 1 && columns > 1) b = broadcast(b, columns);
  return a.graph().apply(std::make_shared<BinaryOperation>(f, std::move(name)), {a, b});
}

}  // namespace

Value Value::operator[](std::int64_t column) const {
  return graph_->apply(std::make_shared<ColumnOperation>(column), {*this});
}

Value operator+(Value a, Value b) { return binary(Binary::add, "add", a, b); }
Value operator-(Value a, Value b) { return binary(Binary::subtract, "subtract", a, b); }
Value operator*(Value a, Value b) { return binary(Binary::multiply, "multiply", a, b); }
Value operator/(Value a, Value b) { return binary(Binary::divide, "divide", a, b); }
Value operator+(Value a, double b) { return unary(Unary::shift, "shift", a, b); }
Value operator+(double a, Value b) { return b + a; }
Value operator-(Value a, double b) { return a + -b; }
Value operator-(double a, Value b) { return -b + a; }
Value operator*(Value a, double b) { return unary(Unary::scale, "scale", a, b); }
Value operator*(double a, Value b) { return b * a; }
Value operator/(Value a, double b) { return a * (1.0 / b); }
Value operator/(double a, Value b) { return unary(Unary::reciprocal, "reciprocal", b) * a; }
Value operator-(Value a) { return a * -1.0; }

Value relu(Value x) { return unary(Unary::relu, "relu", x); }
Value leaky_relu(Value x, double slope) { return unary(Unary::leaky_relu, "leaky_relu", x, slope); }
Value tanh(Value x) { return unary(Unary::tanh, "tanh", x); }
Value sigmoid(Value x) { return unary(Unary::sigmoid, "sigmoid", x); }
Value gelu(Value x) { return unary(Unary::gelu, "gelu", x); }
Value silu(Value x) { return unary(Unary::silu, "silu", x); }
Value exp(Value x) { return unary(Unary::exp, "exp", x); }
Value log(Value x) { return unary(Unary::log, "log", x); }
Value sqrt(Value x) { return unary(Unary::sqrt, "sqrt", x); }
Value square(Value x) { return unary(Unary::square, "square", x); }

namespace {

struct NamedActivation {
  const char* name;
  Value (*of)(Value);
};

constexpr NamedActivation activations[] = {
    {"relu", relu},
    {"leaky_relu", [](Value x) { return leaky_relu(x); }},
    {"tanh", tanh},
    {"sigmoid", sigmoid},
    {"gelu", gelu},
    {"silu", silu},
    {"identity", [](Value x) { return x; }},
};

}  // namespace

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (const NamedActivation& known : activations) names.emplace_back(known.name);
  return names;
}

Value activation(const std::string& name, Value x) {
  for (const NamedActivation& known : activations) {
    if (name == known.name) return known.of(x);
  }
  throw Error(ExitStatus::usage, "unknown activation \"" + name + "\"; " + meant_or_all(name, activation_names()));
}

Value dense(Value x, Value weight) { return x.graph().apply(std::make_shared<DenseOperation>(), {x, weight}); }
Value dense(Value x, Value weight, Value bias) {
  return x.graph().apply(std::make_shared<DenseOperation>(), {x, weight, bias});
}
Value sum(Value x) { return x.graph().apply(std::make_shared<SumOperation>(), {x}); }
Value broadcast(Value x, std::int64_t columns) {
  return x.graph().apply(std::make_shared<BroadcastOperation>(columns), {x});
}

}  // namespace shoal
