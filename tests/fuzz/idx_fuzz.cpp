// Images, and, where the first byte is odd, labels: the last bytes, as many as the second byte says.
#include <algorithm>

#include "fuzz.hpp"
#include "shoal/data/import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::span<const std::uint8_t> rest(data + 2, size - 2);
  const std::size_t last = std::min<std::size_t>(data[1], rest.size());
  const bool labelled = (data[0] & 1) != 0;
  const shoal::fuzz::InputAsFile images(labelled ? rest.first(rest.size() - last) : rest);
  const shoal::fuzz::InputAsFile labels(rest.last(last));
  return shoal::fuzz::read([&] {
    shoal::import_idx({.images = images.path(), .labels = labelled ? labels.path() : ""}, shoal::fuzz::output_path());
  });
}
