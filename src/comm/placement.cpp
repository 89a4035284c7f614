#include "comm/placement.hpp"

#include <sched.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <numeric>
#include <string_view>

#include "shoal/core/numa.hpp"

namespace shoal {

std::vector<int> processors_of(std::span<const unsigned char> mask) {
  std::vector<int> processors;
  for (std::size_t byte = 0; byte < mask.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      if ((mask[byte] >> bit & 1) != 0) processors.push_back(static_cast<int>(byte) * 8 + bit);
    }
  }
  return processors;
}

std::vector<int> processors_at_start() {
  static const std::vector<int> processors = processors_of(affinity_mask());
  return processors;
}

std::vector<int> by_core(std::vector<int> processors, const std::string& system) {
  struct Core {
    int package = 0;
    std::ptrdiff_t node = 0;
    int core = 0;
    int processor = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): LLVM 14 means the hidden 0 that its result is compared with
    auto operator<=>(const Core&) const = default;
  };
  const std::vector<std::vector<int>> nodes = numa_nodes(system + "/node");
  const auto node_of = [&](int processor) {
    return std::find_if(nodes.begin(), nodes.end(),
                        [&](const std::vector<int>& node) {
                          return std::find(node.begin(), node.end(), processor) != node.end();
                        }) -
           nodes.begin();
  };
  std::vector<Core> cores;
  for (const int processor : processors) {
    const std::string folder = system + "/cpu/cpu" + std::to_string(processor) + "/topology/";
    Core core{.node = node_of(processor), .processor = processor};
    std::ifstream(folder + "physical_package_id") >> core.package;
    if (!(std::ifstream(folder + "core_id") >> core.core)) return processors;
    cores.push_back(core);
  }
  std::sort(cores.begin(), cores.end());
  std::transform(cores.begin(), cores.end(), processors.begin(), [](const Core& core) { return core.processor; });
  return processors;
}

std::span<const int> share_of_processors(std::span<const int> processors, int ranks, int index) {
  const auto cut = [&](int i) {
    return processors.size() * static_cast<std::size_t>(i) / static_cast<std::size_t>(ranks);
  };
  return processors.subspan(cut(index), cut(index + 1) - cut(index));
}

std::string variable_placing_threads(const ReadVariable& variable) {
  for (const char* name : {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"}) {
    if (variable(name) != nullptr) return name;
  }
  return {};
}

void stay_on(std::span<const int> processors) {
  std::vector<unsigned long> mask;
  constexpr int bits = 8 * sizeof(unsigned long);
  for (const int processor : processors) {
    const auto word = static_cast<std::size_t>(processor / bits);
    if (mask.size() <= word) mask.resize(word + 1);
    mask[word] |= 1UL << (processor % bits);
  }
  // Where the system refuses, threads stay where they were.
  sched_setaffinity(0, mask.size() * sizeof(unsigned long), reinterpret_cast<cpu_set_t*>(mask.data()));
}

const char* omp_num_threads() { return std::getenv("OMP_NUM_THREADS"); }

int thread_count(const char* omp, int cores, int sharing_ranks) {
  if (omp != nullptr) {
    std::string_view text(omp);
    text = text.substr(0, text.find(','));
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    int threads = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
    if (error == std::errc() && end == text.data() + text.size() && threads > 0) return threads;
  }
  return std::max(1, cores / sharing_ranks);
}

std::vector<int> order_by_host(std::span<const int> lowest_on_host) {
  std::vector<int> ranks(lowest_on_host.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  std::stable_sort(ranks.begin(), ranks.end(), [&](int a, int b) {
    return lowest_on_host[static_cast<std::size_t>(a)] < lowest_on_host[static_cast<std::size_t>(b)];
  });
  std::vector<int> place(ranks.size());
  for (std::size_t p = 0; p < ranks.size(); ++p) place[static_cast<std::size_t>(ranks[p])] = static_cast<int>(p);
  return place;
}

}  // namespace shoal
