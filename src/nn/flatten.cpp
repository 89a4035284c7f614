#include <algorithm>

#include "nn/builders.hpp"
#include "shoal/core/error.hpp"
#include "shoal/nn/pooling.hpp"

namespace shoal {
namespace {

/// Column c * positions + r of the output is column c of a sample's row r.
class FlattenOperation final : public OperationOf<FlattenOperation> {
 public:
  std::string_view name() const override { return "flatten"; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    if (!in[0].per_sample) throw Error(ExitStatus::usage, "flatten takes a value per sample, not " + to_string(in[0]));
    return {true, 1, in[0].columns * in[0].rows};
  }

  NarrowRows narrow_rows() const override { return NarrowRows::any; }
  bool backward_reads(std::size_t) const override { return false; }
  bool backward_reads_output() const override { return false; }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const Rows<const T>& x = rows.input[0];
    for_runs(x, panel * panel_width, std::min(rows.output.columns(), (panel + 1) * panel_width),
             [&](std::int64_t column, std::int64_t row, std::int64_t begin, std::int64_t count) {
               for (std::int64_t s = 0; s < rows.output.count; ++s) {
                 const T* from = x.tile(column / panel_width) + (s * x.sample_rows + row) * x.panels.pitch;
                 T* to = rows.output.tile(panel) + s * panel_width + begin % panel_width;
                 for (std::int64_t i = 0; i < count; ++i) to[i] = from[i * x.panels.pitch + column % panel_width];
               }
             });
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const Rows<const T>& x = rows.input[0];
    const Rows<const T>& dy = rows.output_gradient;
    const std::int64_t first = panel * panel_width;
    const std::int64_t last = std::min(x.columns(), first + panel_width);
    std::fill_n(out, x.count * x.panels.pitch, T{0});
    for_runs(x, first * x.sample_rows, last * x.sample_rows,
             [&](std::int64_t column, std::int64_t row, std::int64_t begin, std::int64_t count) {
               for (std::int64_t s = 0; s < dy.count; ++s) {
                 const T* from = dy.tile(begin / panel_width) + s * panel_width + begin % panel_width;
                 T* to = out + (s * x.sample_rows + row) * x.panels.pitch + column % panel_width;
                 for (std::int64_t i = 0; i < count; ++i) to[i * x.panels.pitch] = from[i];
               }
             });
  }

 private:
  /// Columns [begin, end) of the output in runs that are of one column of the input and in one panel of the output:
  /// visit(column of the input, its first row, first column of the output, length).
  template <class T, class Visit>
  static void for_runs(const Rows<const T>& x, std::int64_t begin, std::int64_t end, Visit visit) {
    while (begin < end) {
      const std::int64_t column = begin / x.sample_rows;
      const std::int64_t panel_end = (begin / panel_width + 1) * panel_width;
      const std::int64_t run_end = std::min({end, panel_end, (column + 1) * x.sample_rows});
      visit(column, begin % x.sample_rows, begin, run_end - begin);
      begin = run_end;
    }
  }
};

}  // namespace

Value flatten(Value x) {
  if (x.shape().rows == 1) return x;
  return x.graph().apply(std::make_shared<FlattenOperation>(), {x});
}

Value build_flatten(LayerContext& context, Value x) {
  context.check_keys({});
  return flatten(x);
}

}  // namespace shoal
