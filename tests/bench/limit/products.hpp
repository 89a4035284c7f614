#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace limit {

/// One of the products of a training step, without bias, activation or anything else:
///   forward          Y = X W          (batch, inputs) (inputs, outputs)
///   input_gradient   dX = dY W^T
///   weight_gradient  dW = X^T dY
enum class Kind { forward, input_gradient, weight_gradient };
inline constexpr int kinds = 3;

struct Layer {
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
};

/// The products of one layer, each by the same way of computing, on buffers of its own.
class LayerProducts {
 public:
  virtual ~LayerProducts() = default;
  virtual void run(Kind kind) = 0;
};

/// A way of computing products.
struct Way {
  std::string name;
  std::function<std::unique_ptr<LayerProducts>(std::int64_t batch, Layer layer)> make;
};

/// Our kernels, on panels; W^T is there already, as after an optimizer pass. Weight gradients as one leaf, and with
/// leaves as training has them.
std::vector<Way> shoal_ways();
/// oneDNN: dnnl_sgemm on row-major matrices with W as (inputs, outputs) and as (outputs, inputs), and inner_product in
/// the layouts that it prefers, without the time to bring anything into them. Empty where oneDNN was not found.
std::vector<Way> onednn_ways();
/// Eigen's matrix product on row-major matrices, compiled for this processor.
std::vector<Way> eigen_ways();

/// The memory traffic of one Adam update and nothing else, in ms: reads w, g, m, v and writes w, m, v.
double adam_streams(std::int64_t parameters, int threads, int repetitions);

/// Numbers between -1 and 1, the same each time.
inline void fill(float* values, std::size_t count) {
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    values[i] = static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
  }
}

}  // namespace limit
