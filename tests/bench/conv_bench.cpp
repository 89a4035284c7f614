// What a convolution reaches on this thread beside a dense product of ours, in GFLOP/s:
//   conv_bench [samples] [rounds]
// For each shape: forward, gradient of the input, gradient of the weight, medians of rounds in alternation with the
// dense product. 3/2 is a kernel of 3 x 3 with stride 2.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <vector>

#include "bench_numbers.hpp"
#include "shoal/nn/convolution.hpp"
#include "shoal/tensor/buffer.hpp"
#include "shoal/tensor/gemm.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"

namespace {

using namespace shoal;
using Clock = std::chrono::steady_clock;

double seconds(const std::function<void()>& f) {
  const auto begun = Clock::now();
  f();
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

struct Shape {
  std::int64_t channels, side, units;
  std::int64_t kernel = 3;
  std::int64_t stride = 1;

  std::int64_t weight_rows() const { return kernel * kernel * channels; }
};

/// A convolution of made-up images, sample by sample as the executor calls it.
class Subject {
 public:
  Subject(const Shape& shape, std::int64_t samples)
      : samples_(samples), rows_in_(shape.side * shape.side), rows_out_(rows_in_ / (shape.stride * shape.stride)) {
    const std::int64_t channels = shape.channels, units = shape.units;
    const Value x = graph_.input("x", image_shape(channels, shape.side, shape.side));
    const Value weight = graph_.variable("weight", {shape.weight_rows(), units}, he());
    const Value y = convolution(x, weight, ConvolutionOptions{shape.kernel, shape.kernel, shape.stride});
    operation_ = graph_.nodes()[y.id()].operation;
    const std::vector<ValueShape> shapes{x.shape(), weight.shape()};
    const std::int64_t in = samples * rows_in_, out = samples * rows_out_, deep = shape.weight_rows();
    for (auto [buffer, size] : {std::pair{&x_, padded_size(in, channels)},
                                {&y_, padded_size(out, units)},
                                {&dx_, padded_size(in, channels)},
                                {&dy_, padded_size(out, units)},
                                {&weight_, padded_size(deep, units)},
                                {&gradient_, padded_size(deep, units)},
                                {&derived_, operation_->derived_size(shapes, samples)}}) {
      *buffer = Buffer<float>(size);
      for (std::int64_t i = 0; i < size; ++i) buffer->data()[i] = static_cast<float>(i * 7 % 11) - 5.0f;
    }
    all_.leaf_samples = samples;
    all_.input[0] = {{x_.data(), in, channels}, 0, in, true, rows_in_};
    all_.input[1] = {{weight_.data(), deep, units}, 0, deep};
    all_.output = {{y_.data(), out, units}, 0, out, true, rows_out_};
    all_.output_gradient = {{dy_.data(), out, units}, 0, out, true, rows_out_};
    all_.derived = derived_.span();
  }
  void forward() {
    each_sample([&](const RowBlock<float>& one) {
      for (std::int64_t p = 0; p < all_.output.panels.panels(); ++p) operation_->forward(one, p);
    });
  }
  void input_gradient() {
    operation_->prepare_backward(all_);
    const Panels<float> dx{dx_.data(), all_.input[0].panels.rows, all_.input[0].panels.columns};
    each_sample([&](const RowBlock<float>& one) {
      for (std::int64_t p = 0; p < dx.panels(); ++p) operation_->backward(one, 0, p, dx.tile(p, one.input[0].first));
    });
  }
  void weight_gradient() {
    const Panels<float> g{gradient_.data(), all_.input[1].panels.rows, all_.input[1].panels.columns};
    const std::int64_t each = operation_->gradient_rows(1);
    for (std::int64_t p = 0; p < g.panels(); ++p)
      for (std::int64_t first = 0; first < g.rows; first += each)
        operation_->gradient(all_, 1, p, first, std::min(each, g.rows - first), g.tile(p, first));
  }

 private:
  void each_sample(const std::function<void(const RowBlock<float>&)>& f) {
    RowBlock<float> one = all_;
    for (std::int64_t s = 0; s < samples_; ++s) {
      one.input[0].first = s * rows_in_;
      one.input[0].count = rows_in_;
      one.output.first = one.output_gradient.first = s * rows_out_;
      one.output.count = one.output_gradient.count = rows_out_;
      f(one);
    }
  }

  Graph graph_;
  std::shared_ptr<const Operation> operation_;
  std::int64_t samples_, rows_in_, rows_out_;
  Buffer<float> x_, y_, dx_, dy_, weight_, gradient_, derived_;
  RowBlock<float> all_;
};

}  // namespace

int main(int argc, char** argv) {
  select_instruction_set();
  set_threads(1);
  const std::int64_t samples = argc > 1 ? std::atoll(argv[1]) : 32;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 15;
  constexpr std::int64_t rows = 1024, depth = 256;
  std::vector<float> a(rows * depth, 0.5f), b(depth * panel_width, 0.25f), c(rows * panel_width);
  const auto dense = [&] {
    product_panel<float>(rows, depth, a.data(), rows * panel_width, b.data(), nullptr, c.data());
  };
  std::cout << instruction_set() << ", one thread, " << samples << " images, GFLOP/s (share of the dense product)\n";
  for (const Shape& shape : std::vector<Shape>{{16, 32, 16},
                                               {32, 32, 32},
                                               {32, 16, 32},
                                               {64, 16, 64},
                                               {64, 8, 64},
                                               {128, 8, 128},
                                               {3, 32, 16},
                                               {16, 32, 32, 3, 2},
                                               {32, 16, 64, 3, 2},
                                               {16, 32, 32, 1, 2}}) {
    Subject subject(shape, samples);
    std::vector<double> product, forward, input, weight;
    for (int round = 0; round < rounds; ++round) {
      product.push_back(seconds([&] {
        for (int i = 0; i < 32; ++i) dense();
      }));
      forward.push_back(seconds([&] { subject.forward(); }));
      input.push_back(seconds([&] { subject.input_gradient(); }));
      weight.push_back(seconds([&] { subject.weight_gradient(); }));
    }
    const std::int64_t outputs = shape.side * shape.side / (shape.stride * shape.stride) * shape.units;
    const double flops = 2.0 * static_cast<double>(samples * outputs * shape.weight_rows()) * 1e-9;
    const double reference = 32.0 * 2.0 * rows * depth * panel_width * 1e-9 / median(product);
    const double f = flops / median(forward), w = flops / median(weight), i = flops / median(input);
    std::cout << fmt::format(
        "{:3} -> {:3} at {:2}x{:<2} {}/{}  dense {:5.1f}  forward {:5.1f} ({:.2f})  input {:5.1f} ({:.2f})  weight "
        "{:5.1f} "
        "({:.2f})  all {:.2f} ms\n",
        shape.channels, shape.units, shape.side, shape.side, shape.kernel, shape.stride, reference, f, f / reference, i,
        i / reference, w, w / reference, (median(forward) + median(input) + median(weight)) * 1e3);
  }
  return 0;
}
