#include "shoal/core/numa.hpp"

#include <fstream>
#include <sstream>
#include <utility>

namespace shoal {
namespace {

std::string first_line(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

}  // namespace

std::vector<int> listed_numbers(std::string_view text) {
  std::istringstream parts{std::string(text)};
  std::vector<int> numbers;
  for (int first = 0; parts >> first; parts.get()) {
    int last = first;
    if (parts.peek() == '-' && parts.get() != EOF) parts >> last;
    for (int number = first; number <= last; ++number) numbers.push_back(number);
    if (parts.peek() != ',') break;
  }
  return numbers;
}

std::vector<std::vector<int>> numa_nodes(const std::string& folder) {
  std::vector<std::vector<int>> nodes;
  for (const int node : listed_numbers(first_line(folder + "/online"))) {
    std::vector<int> processors = listed_numbers(first_line(folder + "/node" + std::to_string(node) + "/cpulist"));
    if (!processors.empty()) nodes.push_back(std::move(processors));
  }
  return nodes;
}

}  // namespace shoal
