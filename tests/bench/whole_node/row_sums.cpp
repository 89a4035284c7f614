// Sums of the gradients of many ranks, as a rank makes them of its slices (src/comm/gradient_exchange.cpp): along the
// tree, in pieces of 512 floats, one thread. MEASURED here is what one core reads; a host's ranks read R rows of all
// parameters together, which takes its memory R N floats.
//   row_sums [ranks] [floats of the slice] [rounds]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "../bench_numbers.hpp"
#include "comm/sum_rows.hpp"

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  using namespace shoal;
  const auto argument = [&](int i, std::int64_t otherwise) { return argc > i ? std::stoll(argv[i]) : otherwise; };
  const auto ranks = static_cast<std::size_t>(argument(1, 64));
  const auto floats = static_cast<std::size_t>(argument(2, 1 << 18));
  const std::int64_t rounds = argument(3, 15);
  constexpr std::size_t piece = 512;

  const LeafShare share({argument(1, 64), 1}, argument(1, 64), static_cast<int>(ranks), 0);
  std::vector<std::vector<float>> gradients(ranks, std::vector<float>(floats, 1.0F));
  std::vector<float> sum(floats);
  RowSums sums;
  std::vector<double> gb_per_s;
  std::vector<const float*> rows(ranks);
  for (std::int64_t round = 0; round < rounds; ++round) {
    const auto begin = Clock::now();
    for (std::size_t first = 0; first < floats; first += piece) {
      for (std::size_t r = 0; r < ranks; ++r) rows[r] = gradients[r].data() + first;
      sums.run(share.plan(), rows, std::min(piece, floats - first), sum.data() + first);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    gb_per_s.push_back(static_cast<double>(ranks * floats * sizeof(float)) * 1e-9 / seconds);
  }
  const auto [least, most] = std::minmax_element(gb_per_s.begin(), gb_per_s.end());
  std::cout << fmt::format("{} ranks, {} floats each: {:.2f} GB/s ({:.2f} to {:.2f}) of one core\n", ranks, floats,
                           median(gb_per_s), *least, *most);
  return sum[0] == static_cast<float>(ranks) ? 0 : 1;
}
