// The first byte says which column is the label, and whether line 1 is a header.
#include "fuzz.hpp"
#include "shoal/data/import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  shoal::CsvOptions options;
  if ((data[0] & 1) != 0) options.label = (data[0] & 2) != 0 ? "label" : std::to_string(data[0] >> 4);
  if ((data[0] & 4) != 0) options.header = (data[0] & 8) != 0;
  const shoal::fuzz::InputAsFile input({data + 1, size - 1});
  options.file = input.path();
  return shoal::fuzz::read([&] { shoal::import_csv(options, shoal::fuzz::output_path()); });
}
