#include <algorithm>
#include <array>

#include "nn/builders.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/random.hpp"
#include "shoal/nn/operations.hpp"
#include "shoal/tensor/random_rows.hpp"

namespace shoal {
namespace {

/// auxiliary: the factor of each element, 0 or 1 / (1 - rate).
class DropoutOperation final : public OperationOf<DropoutOperation> {
 public:
  DropoutOperation(double rate, std::uint32_t lane) : rate_(rate), lane_(lane) {}

  std::string_view name() const override { return "dropout"; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    if (!in[0].per_sample) throw Error(ExitStatus::usage, "dropout takes a value per sample, not " + to_string(in[0]));
    return in[0];
  }
  bool tilewise() const override { return true; }
  NarrowRows narrow_rows() const override { return NarrowRows::all_alike; }
  bool backward_reads(std::size_t) const override { return false; }
  bool backward_reads_output() const override { return false; }
  ValueShape auxiliary(std::span<const ValueShape> in) const override { return in[0]; }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const std::int64_t pitch = rows.output.panels.pitch;
    const std::int64_t size = rows.output.count * pitch;
    if (!rows.training) {
      std::copy_n(rows.input[0].tile(panel), size, rows.output.tile(panel));
      return;
    }
    const RandomSource source(rows.seed, Purpose::dropout, rows.step, lane_);
    const auto threshold = static_cast<std::uint64_t>(rate_ * 0x1p32);
    const T kept = static_cast<T>(1.0 / (1.0 - rate_));
    T* factor = rows.auxiliary.tile(panel);
    for (std::int64_t first = 0; first < rows.output.count; first += rows_at_once) {
      std::array<RowOfWords, rows_at_once> words;
      const std::int64_t count = std::min(rows_at_once, rows.output.count - first);
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t position = (first + i) % rows.output.sample_rows;
        const std::int64_t sample = (first + i) / rows.output.sample_rows;
        // A position's numbers lie behind those of the one before it.
        const std::int64_t begin = (position * rows.output.panels.panels() + panel) * panel_width;
        words[static_cast<std::size_t>(i)] = {
            static_cast<std::uint64_t>(rows.sample_ids[static_cast<std::size_t>(sample)]),
            static_cast<std::uint64_t>(begin) / 4};
      }
      draw_factors(source, std::span<const RowOfWords>(words).first(static_cast<std::size_t>(count)), threshold, kept,
                   pitch, factor + first * pitch);
    }
    combine(Binary::multiply, rows.output.count, pitch, Operand<T>{rows.input[0].tile(panel), pitch},
            Operand<T>{factor, pitch}, rows.output.tile(panel), pitch);
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const std::int64_t pitch = rows.output.panels.pitch;
    combine(Binary::multiply, rows.output.count, pitch, Operand<T>{rows.output_gradient.tile(panel), pitch},
            Operand<T>{rows.auxiliary.tile(panel), pitch}, out, pitch);
  }

 private:
  static constexpr std::int64_t rows_at_once = 64;
  double rate_;
  std::uint32_t lane_;
};

}  // namespace

Value dropout(Value x, double rate, std::uint32_t lane) {
  return x.graph().apply(std::make_shared<DropoutOperation>(rate, lane), {x});
}

Value build_dropout(LayerContext& context, Value x) {
  context.check_keys({"rate"});
  return dropout(x, context.number("rate", 0.5, 0.0, 0.999999), context.next_lane());
}

}  // namespace shoal
