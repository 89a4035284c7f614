// A data set: opened, and a few rows of each split read.
#include <algorithm>
#include <numeric>

#include "fuzz.hpp"
#include "shoal/data/dataset.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const shoal::fuzz::InputAsFile input({data, size});
  return shoal::fuzz::read([&] {
    const shoal::Dataset dataset = shoal::Dataset::open(input.path());
    static_cast<void>(dataset.content());
    for (const std::string& name : dataset.names()) {
      const shoal::Split split = dataset.split(name);
      std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min<std::int64_t>(split.rows(), 3)));
      std::iota(rows.begin(), rows.end(), 0);
      std::vector<double> x(rows.size() * static_cast<std::size_t>(split.features()));
      split.read_values(rows, x);
      std::vector<std::int32_t> labels(rows.size());
      if (split.has_labels()) split.read_labels(rows, labels);
    }
  });
}
