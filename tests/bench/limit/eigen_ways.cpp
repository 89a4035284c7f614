#include <Eigen/Core>

#include "limit/products.hpp"

namespace limit {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class EigenProducts final : public LayerProducts {
 public:
  EigenProducts(std::int64_t batch, Layer layer)
      : x_(batch, layer.inputs),
        y_(batch, layer.outputs),
        dx_(batch, layer.inputs),
        w_(layer.inputs, layer.outputs),
        dw_(layer.inputs, layer.outputs) {
    for (Matrix* values : {&x_, &y_, &w_}) fill(values->data(), static_cast<std::size_t>(values->size()));
  }
  void run(Kind kind) override {
    if (kind == Kind::forward) y_.noalias() = x_ * w_;
    if (kind == Kind::input_gradient) dx_.noalias() = y_ * w_.transpose();
    if (kind == Kind::weight_gradient) dw_.noalias() = x_.transpose() * y_;
  }

 private:
  Matrix x_, y_, dx_, w_, dw_;
};

}  // namespace

std::vector<Way> eigen_ways() {
  return {{"eigen", [](std::int64_t batch, Layer layer) { return std::make_unique<EigenProducts>(batch, layer); }}};
}

}  // namespace limit
