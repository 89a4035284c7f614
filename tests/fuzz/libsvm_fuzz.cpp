#include "fuzz.hpp"
#include "shoal/data/import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const shoal::fuzz::InputAsFile input({data, size});
  return shoal::fuzz::read([&] { shoal::import_libsvm({.file = input.path()}, shoal::fuzz::output_path()); });
}
