// What the exchange of a step costs between ranks of one host, against the library and against memory itself.
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "shoal/comm/gradient_exchange.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/optim/optimizer.hpp"
#include "shoal/tensor/buffer.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"

namespace {

using namespace shoal;
using Clock = std::chrono::steady_clock;

constexpr const char* help = R"(usage: mpirun -np P exchange_bench sum [FLOATS] [ROUNDS]
       mpirun -np P exchange_bench update [FLOATS] [ROUNDS]

sum     Sums one gradient of FLOATS (3000000) over all ranks, so that every rank sees the sum: in the windows of
        GradientExchange, where the gradients lie (as clipping needs it) and into other memory of the window; and by
        MPI_Allreduce in place. ROUNDS (40) of each, in 4 blocks that take turns; before each round every rank writes
        its gradient, as a backward pass does.
update  Sums gradients of FLOATS (50000000), updates by Adam and writes the parameters, fused; and, in alternation,
        the same memory traffic without arithmetic (reads of the gradients, read and write of parameters and both
        moments, all arrays of equal length) and an in-place pass over one array. ROUNDS (9).
Rank 0 prints one line of JSON: medians over rounds of the time of the slowest rank, the least and the greatest in
brackets, and ratios of medians. Run with one core per thread and nothing else on the machine.
)";

constexpr std::int64_t chunk_floats = 1024;

std::vector<std::int64_t> chunks_of(std::int64_t floats) {
  std::vector<std::int64_t> begin;
  for (std::int64_t at = 0; at < floats; at += chunk_floats) begin.push_back(at);
  begin.push_back(floats);
  return begin;
}

/// Times of the slowest rank, in seconds.
class Times {
 public:
  explicit Times(Communicator& world) : world_(world) {}
  void measure(const std::function<void()>& work) {
    world_.barrier();
    const auto start = Clock::now();
    work();
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
    seconds_.push_back(static_cast<double>(world_.all_max(nanoseconds)) * 1e-9);
  }
  double median() const {
    std::vector<double> sorted = seconds_;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
  /// Median, least and greatest, in units of `unit` seconds.
  std::string json(double unit) const {
    const auto [least, greatest] = std::minmax_element(seconds_.begin(), seconds_.end());
    return fmt::format("[{:.1f}, {:.1f}, {:.1f}]", median() / unit, *least / unit, *greatest / unit);
  }
  void forget() { seconds_.clear(); }

 private:
  Communicator& world_;
  std::vector<double> seconds_;
};

/// An exchange whose partials hold small numbers, one leaf a rank.
struct Setting {
  Communicator& world;
  BucketPlan plan;
  GradientExchange exchange;
  LeafShare share;

  Setting(Communicator& ranks, std::int64_t floats)
      : world(ranks),
        plan(chunks_of(floats), ranks.size(), 1 << 20),
        exchange(ranks, plan, 1),
        share({ranks.size(), 1}, ranks.size(), ranks.size(), ranks.rank()) {
    const std::span<float> partial = exchange.partial(0);
    parallel_for(plan.chunks(), [&](std::int64_t c) {
      for (auto i = plan.chunk_begin(c); i < plan.chunk_begin(c + 1); ++i)
        partial[static_cast<std::size_t>(i)] = static_cast<float>(i % 1000 + ranks.rank()) * 0.001F;
    });
  }
  void sum(const GradientExchange::Update& update) {
    exchange.begin(share);
    exchange.complete_from(0);
    exchange.update(update);
  }
};

/// Writes a gradient as a backward pass does: from data in the cache, panel after panel.
void write_gradient(const BucketPlan& plan, int rank, std::span<float> gradient) {
  std::vector<float> pattern(chunk_floats);
  for (std::size_t i = 0; i < pattern.size(); ++i)
    pattern[i] = static_cast<float>(i) * 0.001F + static_cast<float>(rank);
  parallel_for(plan.chunks(), [&](std::int64_t c) {
    const auto begin = static_cast<std::size_t>(plan.chunk_begin(c));
    const auto size = static_cast<std::size_t>(plan.chunk_begin(c + 1)) - begin;
    for (std::size_t i = 0; i < size; ++i) gradient[begin + i] = pattern[i] * static_cast<float>(c % 7);
  });
}

void sum_bench(Communicator& world, std::int64_t floats, int rounds) {
  Setting setting(world, floats);
  const std::span<float> partial = setting.exchange.partial(0);
  Buffer<float> copy(floats);
  Times in_place(world);
  Times elsewhere(world);
  Times library(world);
  // In blocks, so that each way has the cache to itself, as it has in training; a block's first round counts for none.
  constexpr int blocks = 4;
  const auto block = [&](Times& times, std::span<float> gradient, const auto& work) {
    for (int round = 0; round <= (rounds + blocks - 1) / blocks; ++round) {
      write_gradient(setting.plan, world.rank(), gradient);
      round == 0 ? work() : times.measure(work);
    }
  };
  for (int b = 0; b < blocks; ++b) {
    block(in_place, partial, [&] {
      setting.exchange.begin(setting.share);
      setting.exchange.complete_from(0);
      setting.exchange.visit_sums([](std::int64_t, std::span<const float>) {});
      world.barrier();  // behind it, every rank may read all slices
    });
    block(elsewhere, partial, [&] {
      setting.sum([](std::int64_t, std::int64_t, const GradientSum& sum, std::span<float> out) {
        for (std::size_t i = 0; i < sum.size(); ++i) out[i] = sum[i];
      });
    });
    block(library, copy.span(), [&] {
      if (world.size() > 1)
        MPI_Allreduce(MPI_IN_PLACE, copy.data(), static_cast<int>(floats), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    });
  }
  const std::span<float> sums = setting.exchange.parameters();
  double error = 0.0;
  for (std::size_t i = 0; i < sums.size(); ++i)
    error = std::max(error, std::abs(static_cast<double>(sums[i]) - static_cast<double>(copy.data()[i])));
  if (world.rank() != 0) return;
  std::cout << fmt::format(
      R"({{"bench": "sum", "ranks": {}, "threads": {}, "floats": {}, "rounds": {}, "in_place_us": {}, )"
      R"("elsewhere_us": {}, "mpi_allreduce_us": {}, "times_faster": {:.2f}, "elsewhere_times_faster": {:.2f}, )"
      R"("greatest_difference": {:.2g}, "bytes_sent": {}}})"
      "\n",
      world.size(), threads(), floats, rounds, in_place.json(1e-6), elsewhere.json(1e-6), library.json(1e-6),
      library.median() / in_place.median(), library.median() / elsewhere.median(), error,
      setting.exchange.bytes_sent());
}

/// What the update reads and writes, without what it computes.
void touch(std::span<const float> a, std::span<const float> b, float* w, float* m, float* v) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float g = a[i] + b[i];
    w[i] += g;
    m[i] += g;
    v[i] += g;
  }
}

void update_bench(Communicator& world, std::int64_t floats, int rounds) {
  Setting setting(world, floats);
  const Optimizer adam("adam");
  UpdateScalars scalars;
  scalars.learning_rate = 1e-6;
  scalars.batch = 256.0F;
  // A rank's slices of the moments, slice after slice as the chunks are numbered.
  std::vector<std::int64_t> place(static_cast<std::size_t>(setting.plan.chunks()));
  std::int64_t owned = 0;
  std::vector<ChunkRange> slices;
  for (int bucket = 0; bucket < setting.plan.buckets(); ++bucket) {
    slices.push_back(setting.plan.slice(bucket, world.rank()));
    for (std::int64_t c = slices.back().first; c < slices.back().last; ++c) {
      place[static_cast<std::size_t>(c)] = owned;
      owned += setting.plan.chunk_begin(c + 1) - setting.plan.chunk_begin(c);
    }
  }
  Buffer<float> m(owned);
  Buffer<float> v(owned);
  Buffer<float> a(owned);
  Buffer<float> b(owned);
  Buffer<float> w(owned);
  Times fused(world);
  Times streams(world);
  Times in_place(world);
  const std::int64_t blocks = (owned + chunk_floats - 1) / chunk_floats;
  const auto by_block = [&](const auto& work) {
    parallel_for(blocks, [&](std::int64_t block) {
      const std::int64_t begin = block * chunk_floats;
      work(begin, static_cast<std::size_t>(std::min(owned, begin + chunk_floats) - begin));
    });
    world.barrier();
  };
  for (int round = -2; round < rounds; ++round) {
    if (round == 0) {
      fused.forget();
      streams.forget();
      in_place.forget();
    }
    ++scalars.step;
    fused.measure([&] {
      setting.sum([&](std::int64_t chunk, std::int64_t first, const GradientSum& sum, std::span<float> parameters) {
        const std::int64_t begin = place[static_cast<std::size_t>(chunk)] + first;
        const std::array<float*, 2> moments{m.data() + begin, v.data() + begin};
        adam.update(scalars, parameters, sum, moments);
      });
    });
    streams.measure([&] {
      by_block([&](std::int64_t begin, std::size_t size) {
        touch({a.data() + begin, size}, {b.data() + begin, size}, w.data() + begin, m.data() + begin, v.data() + begin);
      });
    });
    in_place.measure([&] {
      by_block([&](std::int64_t begin, std::size_t size) {
        for (float& x : std::span(w.data() + begin, size)) x = x * 0.999F + 1e-6F;
      });
    });
  }
  const auto bytes = static_cast<double>(floats) * static_cast<double>(sizeof(float));
  const double fused_rate = bytes * (6 + world.size()) / fused.median() * 1e-9;  // w, m, v read and written
  const double stream_rate = bytes * 8 / streams.median() * 1e-9;
  const double in_place_rate = bytes * 2 / in_place.median() * 1e-9;
  if (world.rank() != 0) return;
  std::cout << fmt::format(
      R"({{"bench": "update", "ranks": {}, "threads": {}, "floats": {}, "rounds": {}, "fused_ms": {}, "streams_ms": {}, )"
      R"("in_place_ms": {}, "fused_gb_per_s": {:.1f}, "streams_gb_per_s": {:.1f}, "in_place_gb_per_s": {:.1f}, )"
      R"("share_of_streams": {:.3f}, "share_of_in_place": {:.3f}}})"
      "\n",
      world.size(), threads(), floats, rounds, fused.json(1e-3), streams.json(1e-3), in_place.json(1e-3), fused_rate,
      stream_rate, in_place_rate, fused_rate / stream_rate, fused_rate / in_place_rate);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what != "sum" && what != "update") {
    (what == "--help" ? std::cout : std::cerr) << help;
    return what == "--help" ? 0 : 64;
  }
  select_instruction_set();
  Session session(argc, argv);
  set_threads(session.world().threads_for_this_rank());
  const bool sum = what == "sum";
  const std::int64_t floats = argc > 2 ? std::atoll(argv[2]) : (sum ? 3000000 : 50000000);
  const int rounds = argc > 3 ? std::atoi(argv[3]) : (sum ? 40 : 9);
  (sum ? sum_bench : update_bench)(session.world(), floats, rounds);
  return 0;
}
