#include <algorithm>

#include "shoal/core/random.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

/// auxiliary: the factor of each element, 0 or 1 / (1 - rate).
class DropoutOperation final : public OperationOf<DropoutOperation> {
 public:
  DropoutOperation(double rate, std::uint32_t lane) : rate_(rate), lane_(lane) {}

  std::string_view name() const override { return "dropout"; }
  Settings settings() const override { return {{"rate", rate_}}; }
  ValueShape shape(std::span<const ValueShape> in) const override { return in[0]; }
  bool tilewise() const override { return true; }
  std::int64_t auxiliary_columns(std::span<const ValueShape> in) const override { return in[0].columns; }

  template <class T>
  void forward_leaf(const Leaf<T>& leaf, std::int64_t panel) const {
    const std::int64_t size = leaf.output.count * panel_width;
    if (!leaf.training) {
      std::copy_n(leaf.input[0].tile(panel), size, leaf.output.tile(panel));
      return;
    }
    const RandomSource source(leaf.seed, Purpose::dropout, leaf.step, lane_);
    const auto threshold = static_cast<std::uint64_t>(rate_ * 0x1p32);
    const T kept = static_cast<T>(1.0 / (1.0 - rate_));
    T* factor = leaf.auxiliary.tile(panel);
    for (std::int64_t r = 0; r < leaf.output.count; ++r) {
      const auto item = static_cast<std::uint64_t>(leaf.sample_ids[static_cast<std::size_t>(r)]);
      for (std::int64_t c = 0; c < panel_width; c += 4) {
        const auto words = source.block(item, static_cast<std::uint64_t>(panel * panel_width + c) / 4);
        for (std::int64_t i = 0; i < 4; ++i)
          factor[r * panel_width + c + i] = words[static_cast<std::size_t>(i)] < threshold ? T{0} : kept;
      }
    }
    combine(Binary::multiply, leaf.output.count, Operand<T>{leaf.input[0].tile(panel)}, Operand<T>{factor},
            leaf.output.tile(panel));
  }

  template <class T>
  void backward_leaf(const Leaf<T>& leaf, std::size_t, std::int64_t panel, T* out) const {
    combine(Binary::multiply, leaf.output.count, Operand<T>{leaf.output_gradient.tile(panel)},
            Operand<T>{leaf.auxiliary.tile(panel)}, out);
  }

 private:
  double rate_;
  std::uint32_t lane_;
};

}  // namespace

Value dropout(Value x, double rate, std::uint32_t lane) {
  return x.graph().apply(std::make_shared<DropoutOperation>(rate, lane), {x});
}

}  // namespace shoal
