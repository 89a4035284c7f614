// What a training step can take at the least: its bare products by the best kernel of all that are tried, and the
// memory traffic of one Adam update. No bias, batch norm, activation, loss; no gradient of the network's input.
//   limit_bench [batch] [threads] [repetitions] [inputs,hidden...,classes]
// Prints a table per way of computing, and last a line `limit_ms ...`. All ways alternate within each repetition.
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "limit/products.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"

namespace {

using limit::Kind;

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

struct Product {
  std::size_t layer;
  Kind kind;
};

/// In the order of a step.
std::vector<Product> products_of(std::size_t layers) {
  std::vector<Product> all;
  for (std::size_t l = 0; l < layers; ++l) all.push_back({l, Kind::forward});
  for (std::size_t l = layers; l-- > 0;) {
    all.push_back({l, Kind::weight_gradient});
    if (l > 0) all.push_back({l, Kind::input_gradient});
  }
  return all;
}

/// One way of computing and its times, per product in the order of a step.
struct Candidate {
  std::string name;
  std::vector<std::unique_ptr<limit::LayerProducts>> layers;
  std::vector<std::vector<double>> times;

  double product(std::size_t p) const { return median(times[p]); }
  double kind(Kind which, const std::vector<Product>& products) const {
    double sum = 0.0;
    for (std::size_t p = 0; p < products.size(); ++p) sum += products[p].kind == which ? product(p) : 0.0;
    return sum;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t batch = argc > 1 ? std::atoll(argv[1]) : 256;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  const int repetitions = argc > 3 ? std::atoi(argv[3]) : 21;
  std::vector<std::int64_t> widths;
  std::istringstream in(argc > 4 ? argv[4] : "784,1024,1024,1024,10");
  for (std::string part; std::getline(in, part, ',');) widths.push_back(std::stoll(part));
  omp_set_num_threads(threads);
  shoal::set_threads(threads);
  shoal::select_instruction_set();

  std::vector<limit::Way> ways = limit::shoal_ways();
  for (auto& more : {limit::onednn_ways(), limit::eigen_ways()}) ways.insert(ways.end(), more.begin(), more.end());
  if (limit::onednn_ways().empty())
    std::cout << "oneDNN was not found when this was built (Debian: libdnnl-dev); the limit is that of the others\n";

  const std::vector<Product> products = products_of(widths.size() - 1);
  std::vector<Candidate> candidates;
  double flops = 0.0;
  std::int64_t parameters = 0;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) parameters += (widths[l] + 3) * widths[l + 1];
  for (const Product& product : products)
    flops += 2.0 * static_cast<double>(batch * widths[product.layer] * widths[product.layer + 1]);
  for (const limit::Way& way : ways) {
    Candidate& candidate = candidates.emplace_back();
    candidate.name = way.name;
    candidate.times.resize(products.size());
    for (std::size_t l = 0; l + 1 < widths.size(); ++l)
      candidate.layers.push_back(way.make(batch, {widths[l], widths[l + 1]}));
  }
  constexpr int warm_up = 2;
  for (int r = 0; r < repetitions + warm_up; ++r) {
    for (Candidate& candidate : candidates) {
      for (std::size_t p = 0; p < products.size(); ++p) {
        const auto before = std::chrono::steady_clock::now();
        candidate.layers[products[p].layer]->run(products[p].kind);
        const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count();
        if (r >= warm_up) candidate.times[p].push_back(ms);
      }
    }
  }
  std::cout << fmt::format("batch {}, {} threads, {} repetitions, kernels {}; ms\n", batch, threads, repetitions,
                           shoal::instruction_set());
  std::cout << "way                 forward        dX        dW       all  GFLOP/s\n";
  const auto line = [&](const std::string& name, double forward, double dx, double dw) {
    std::cout << fmt::format("{:<16} {:>10.3f} {:>9.3f} {:>9.3f} {:>9.3f} {:>8.1f}\n", name, forward, dx, dw,
                             forward + dx + dw, flops / (forward + dx + dw) * 1e-6);
  };
  for (const Candidate& candidate : candidates)
    line(candidate.name, candidate.kind(Kind::forward, products), candidate.kind(Kind::input_gradient, products),
         candidate.kind(Kind::weight_gradient, products));
  // The best way for each product by itself: no real program could mix their layouts for nothing.
  double best[limit::kinds] = {};
  for (std::size_t p = 0; p < products.size(); ++p) {
    double least = candidates.front().product(p);
    for (const Candidate& candidate : candidates) least = std::min(least, candidate.product(p));
    best[static_cast<int>(products[p].kind)] += least;
  }
  line("best of each", best[0], best[1], best[2]);
  const double adam = limit::adam_streams(parameters, threads, repetitions);
  const double gemm = best[0] + best[1] + best[2];
  std::cout << fmt::format("adam's traffic: {:.3f} ms, {:.1f} GB/s\n", adam,
                           static_cast<double>(28 * parameters) / adam * 1e-6);
  std::cout << fmt::format("limit_ms {:.3f} products_ms {:.3f} adam_ms {:.3f}\n", gemm + adam, gemm, adam);
  return 0;
}
