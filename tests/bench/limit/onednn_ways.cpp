// Compiled where oneDNN's header and library were found.
#include <oneapi/dnnl/dnnl.hpp>

#include <array>
#include <stdexcept>
#include <unordered_map>

#include "limit/products.hpp"

namespace limit {
namespace {

using Floats = std::vector<float>;

/// Row-major, W as (inputs, outputs) or as (outputs, inputs).
class SgemmProducts final : public LayerProducts {
 public:
  SgemmProducts(std::int64_t batch, Layer layer, bool outputs_first)
      : batch_(batch),
        layer_(layer),
        outputs_first_(outputs_first),
        x_(size(batch, layer.inputs)),
        y_(size(batch, layer.outputs)),
        dx_(size(batch, layer.inputs)),
        w_(size(layer.inputs, layer.outputs)),
        dw_(size(layer.inputs, layer.outputs)) {
    for (Floats* values : {&x_, &y_, &w_}) fill(values->data(), values->size());
  }

  void run(Kind kind) override {
    const std::int64_t in = layer_.inputs;
    const std::int64_t out = layer_.outputs;
    if (kind == Kind::forward) {
      gemm('N', outputs_first_ ? 'T' : 'N', batch_, out, in, x_, in, w_, outputs_first_ ? in : out, y_, out);
    } else if (kind == Kind::input_gradient) {
      gemm('N', outputs_first_ ? 'N' : 'T', batch_, in, out, y_, out, w_, outputs_first_ ? in : out, dx_, in);
    } else if (outputs_first_) {
      gemm('T', 'N', out, in, batch_, y_, out, x_, in, dw_, in);
    } else {
      gemm('T', 'N', in, out, batch_, x_, in, y_, out, dw_, out);
    }
  }

 private:
  static std::size_t size(std::int64_t rows, std::int64_t columns) { return static_cast<std::size_t>(rows * columns); }
  static void gemm(char ta, char tb, std::int64_t m, std::int64_t n, std::int64_t k, const Floats& a, std::int64_t lda,
                   const Floats& b, std::int64_t ldb, Floats& c, std::int64_t ldc) {
    if (dnnl_sgemm(ta, tb, m, n, k, 1.0f, a.data(), lda, b.data(), ldb, 0.0f, c.data(), ldc) != dnnl_success)
      throw std::runtime_error("dnnl_sgemm failed");
  }

  std::int64_t batch_;
  Layer layer_;
  bool outputs_first_;
  Floats x_, y_, dx_, w_, dw_;
};

/// oneDNN chooses the layout of every matrix.
class InnerProducts final : public LayerProducts {
 public:
  InnerProducts(std::int64_t batch, Layer layer) : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    const auto any = [](dnnl::memory::dims dims) {
      return dnnl::memory::desc(std::move(dims), dnnl::memory::data_type::f32, dnnl::memory::format_tag::any);
    };
    const auto x = any({batch, layer.inputs});
    const auto w = any({layer.outputs, layer.inputs});
    const auto y = any({batch, layer.outputs});
    const dnnl::inner_product_forward::primitive_desc forward({dnnl::prop_kind::forward_training, x, w, y}, engine_);
    const dnnl::inner_product_backward_data::primitive_desc data({x, w, y}, engine_, forward);
    const dnnl::inner_product_backward_weights::primitive_desc weights({x, w, y}, engine_, forward);
    at(Kind::forward) = {dnnl::inner_product_forward(forward),
                         {{DNNL_ARG_SRC, memory(forward.src_desc())},
                          {DNNL_ARG_WEIGHTS, memory(forward.weights_desc())},
                          {DNNL_ARG_DST, memory(forward.dst_desc())}}};
    at(Kind::input_gradient) = {dnnl::inner_product_backward_data(data),
                                {{DNNL_ARG_DIFF_DST, memory(data.diff_dst_desc())},
                                 {DNNL_ARG_WEIGHTS, memory(data.weights_desc())},
                                 {DNNL_ARG_DIFF_SRC, memory(data.diff_src_desc())}}};
    at(Kind::weight_gradient) = {dnnl::inner_product_backward_weights(weights),
                                 {{DNNL_ARG_SRC, memory(weights.src_desc())},
                                  {DNNL_ARG_DIFF_DST, memory(weights.diff_dst_desc())},
                                  {DNNL_ARG_DIFF_WEIGHTS, memory(weights.diff_weights_desc())}}};
  }

  void run(Kind kind) override {
    at(kind).primitive.execute(stream_, at(kind).arguments);
    stream_.wait();
  }

 private:
  struct Call {
    dnnl::primitive primitive;
    std::unordered_map<int, dnnl::memory> arguments;
  };

  Call& at(Kind kind) { return calls_[static_cast<std::size_t>(kind)]; }
  dnnl::memory memory(const dnnl::memory::desc& desc) const {
    dnnl::memory made(desc, engine_);
    fill(static_cast<float*>(made.get_data_handle()), desc.get_size() / sizeof(float));
    return made;
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  std::array<Call, kinds> calls_;
};

}  // namespace

std::vector<Way> onednn_ways() {
  return {
      {"dnnl_sgemm",
       [](std::int64_t batch, Layer layer) { return std::make_unique<SgemmProducts>(batch, layer, false); }},
      {"dnnl_sgemm^T",
       [](std::int64_t batch, Layer layer) { return std::make_unique<SgemmProducts>(batch, layer, true); }},
      {"inner_product", [](std::int64_t batch, Layer layer) { return std::make_unique<InnerProducts>(batch, layer); }},
  };
}

}  // namespace limit
