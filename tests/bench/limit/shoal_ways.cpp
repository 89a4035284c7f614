#include "limit/products.hpp"
#include "shoal/tensor/buffer.hpp"
#include "shoal/tensor/gemm.hpp"
#include "shoal/tensor/parallel.hpp"

namespace limit {
namespace {

using shoal::Buffer;
using shoal::padded_size;
using shoal::panel_width;
using shoal::Panels;

constexpr std::int64_t default_leaf = 32;  // rows, as training cuts 256

class ShoalProducts final : public LayerProducts {
 public:
  /// leaf: rows in a leaf of the weight gradient
  ShoalProducts(std::int64_t batch, Layer layer, std::int64_t leaf)
      : batch_(batch),
        leaf_(leaf),
        layer_(layer),
        memory_{Buffer<float>(padded_size(batch, layer.inputs)),
                Buffer<float>(padded_size(batch, layer.outputs)),
                Buffer<float>(padded_size(batch, layer.inputs)),
                Buffer<float>(padded_size(layer.inputs, layer.outputs)),
                Buffer<float>(padded_size(layer.outputs, layer.inputs)),
                Buffer<float>(padded_size(layer.inputs, layer.outputs))},
        x_{memory_[0].data(), batch, layer.inputs},
        y_{memory_[1].data(), batch, layer.outputs},
        dx_{memory_[2].data(), batch, layer.inputs},
        w_{memory_[3].data(), layer.inputs, layer.outputs},
        w_transposed_{memory_[4].data(), layer.outputs, layer.inputs},
        dw_{memory_[5].data(), layer.inputs, layer.outputs} {
    for (int i : {0, 1, 3, 4}) {
      Buffer<float>& buffer = memory_[static_cast<std::size_t>(i)];
      fill(buffer.data(), static_cast<std::size_t>(buffer.size()));
    }
  }

  void run(Kind kind) override {
    if (kind == Kind::forward) product(x_, w_, y_);
    if (kind == Kind::input_gradient) product(y_, w_transposed_, dx_);
    if (kind == Kind::weight_gradient) gradient();
  }

 private:
  static constexpr std::int64_t rows_a_task = 256;

  void product(Panels<const float> a, Panels<const float> b, Panels<float> c) const {
    const std::int64_t blocks = (batch_ + rows_a_task - 1) / rows_a_task;
    shoal::parallel_for(c.panels() * blocks, [&](std::int64_t task) {
      const std::int64_t panel = task / blocks;
      const std::int64_t first = task % blocks * rows_a_task;
      shoal::product_panel<float>(std::min(rows_a_task, batch_ - first), a.columns, a.tile(0, first),
                                  a.rows * panel_width, b.tile(panel), nullptr, c.tile(panel, first));
    });
  }

  void gradient() const {
    const std::int64_t blocks = (layer_.inputs + panel_width - 1) / panel_width;
    shoal::parallel_for(dw_.panels() * blocks, [&](std::int64_t task) {
      const std::int64_t panel = task / blocks;
      const std::int64_t first = task % blocks * panel_width;
      shoal::gradient_panel<float>(batch_, leaf_, x_.tile(first / panel_width),
                                   std::min(panel_width, layer_.inputs - first), y_.tile(panel),
                                   dw_.tile(panel, first));
    });
  }

  std::int64_t batch_;
  std::int64_t leaf_;
  Layer layer_;
  Buffer<float> memory_[6];
  Panels<float> x_, y_, dx_, w_, w_transposed_, dw_;
};

}  // namespace

std::vector<Way> shoal_ways() {
  return {
      {"shoal", [](std::int64_t batch, Layer layer) { return std::make_unique<ShoalProducts>(batch, layer, batch); }},
      {"shoal, leaves",
       [](std::int64_t batch, Layer layer) { return std::make_unique<ShoalProducts>(batch, layer, default_leaf); }}};
}

}  // namespace limit
