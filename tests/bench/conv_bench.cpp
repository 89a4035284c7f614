// What a convolution reaches on this thread beside a dense product of ours, in GFLOP/s:
//   conv_bench [samples] [rounds]
// For each shape: forward, gradient of the input, gradient of the weight, medians of rounds in alternation with the
// dense product.
#include <fmt/format.h>

#include <algorithm>
#include <array>
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

/// A convolution of made-up images, sample by sample as the executor calls it.
class Subject {
 public:
  Subject(std::int64_t channels, std::int64_t side, std::int64_t units, std::int64_t samples)
      : samples_(samples), rows_(side * side) {
    const Value x = graph_.input("x", image_shape(channels, side, side));
    const Value weight = graph_.variable("weight", {3, 3, channels, units}, he());
    const Value y = convolution(x, weight, ConvolutionOptions{});
    operation_ = graph_.nodes()[y.id()].operation;
    const std::vector<ValueShape> shapes{x.shape(), weight.shape()};
    const std::int64_t rows = samples * rows_;
    for (auto [buffer, size] : {std::pair{&x_, padded_size(rows, channels)},
                                {&y_, padded_size(rows, units)},
                                {&dx_, padded_size(rows, channels)},
                                {&dy_, padded_size(rows, units)},
                                {&weight_, padded_size(9 * channels, units)},
                                {&gradient_, padded_size(9 * channels, units)},
                                {&derived_, operation_->derived_size(shapes, samples)}}) {
      *buffer = Buffer<float>(size);
      for (std::int64_t i = 0; i < size; ++i) buffer->data()[i] = static_cast<float>(i * 7 % 11) - 5.0f;
    }
    all_.leaf_samples = samples;
    all_.input[0] = {{x_.data(), rows, channels}, 0, rows, true, rows_};
    all_.input[1] = {{weight_.data(), 9 * channels, units}, 0, 9 * channels};
    all_.output = {{y_.data(), rows, units}, 0, rows, true, rows_};
    all_.output_gradient = {{dy_.data(), rows, units}, 0, rows, true, rows_};
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
      one.input[0].first = one.output.first = one.output_gradient.first = s * rows_;
      one.input[0].count = one.output.count = one.output_gradient.count = rows_;
      f(one);
    }
  }

  Graph graph_;
  std::shared_ptr<const Operation> operation_;
  std::int64_t samples_, rows_;
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
  for (const auto& [channels, side, units] : std::vector<std::array<std::int64_t, 3>>{
           {16, 32, 16}, {32, 32, 32}, {32, 16, 32}, {64, 16, 64}, {64, 8, 64}, {128, 8, 128}, {3, 32, 16}}) {
    Subject subject(channels, side, units, samples);
    std::vector<double> product, forward, input, weight;
    for (int round = 0; round < rounds; ++round) {
      product.push_back(seconds([&] {
        for (int i = 0; i < 32; ++i) dense();
      }));
      forward.push_back(seconds([&] { subject.forward(); }));
      input.push_back(seconds([&] { subject.input_gradient(); }));
      weight.push_back(seconds([&] { subject.weight_gradient(); }));
    }
    const double flops = 2.0 * 9.0 * static_cast<double>(samples * side * side * channels * units) * 1e-9;
    const double reference = 32.0 * 2.0 * rows * depth * panel_width * 1e-9 / median(product);
    const double f = flops / median(forward), w = flops / median(weight), i = flops / median(input);
    std::cout << fmt::format(
        "{:3} -> {:3} at {:2}x{:<2}  dense {:5.1f}  forward {:5.1f} ({:.2f})  input {:5.1f} ({:.2f})  weight {:5.1f} "
        "({:.2f})  all {:.2f} ms\n",
        channels, units, side, side, reference, f, f / reference, i, i / reference, w, w / reference,
        (median(forward) + median(input) + median(weight)) * 1e3);
  }
  return 0;
}
