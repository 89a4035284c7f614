// x, and, where the first byte is odd, y: the last bytes, as many as the second and third say.
#include <algorithm>

#include "fuzz.hpp"
#include "shoal/data/import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::span<const std::uint8_t> rest(data + 3, size - 3);
  const std::size_t last = std::min(data[1] + std::size_t{256} * data[2], rest.size());
  const bool labelled = (data[0] & 1) != 0;
  const shoal::fuzz::InputAsFile x(labelled ? rest.first(rest.size() - last) : rest);
  const shoal::fuzz::InputAsFile y(rest.last(last));
  return shoal::fuzz::read(
      [&] { shoal::import_npy({.x = x.path(), .y = labelled ? y.path() : ""}, shoal::fuzz::output_path()); });
}
