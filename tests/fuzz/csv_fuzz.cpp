// The first bytes say which options are given; the rest is the file.
#include "fuzz.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/import.hpp"

namespace {

/// Whether bit `bit` of the choices is set.
bool chosen(const std::uint8_t* data, int bit) { return (data[bit / 8] >> (bit % 8) & 1) != 0; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t choices = 3;
  if (size < choices) return 0;
  shoal::CsvOptions options;
  if (chosen(data, 0)) options.label = chosen(data, 1) ? "label" : std::to_string(data[0] >> 4);
  if (chosen(data, 2)) options.header = chosen(data, 3);
  if (chosen(data, 8)) options.delimiter = " ,;\t"[data[1] >> 6];
  if (chosen(data, 9)) options.decimal = chosen(data, 10) ? ',' : '.';
  if (chosen(data, 11)) options.category = std::string("1");
  if (chosen(data, 12)) options.id = std::string("2");
  options.regression = chosen(data, 16);
  options.classes = chosen(data, 17);
  options.drop_unlabelled = chosen(data, 18);
  if (chosen(data, 19)) options.missing = std::string("NA,-1");
  if (chosen(data, 20)) options.weight = std::string("3");
  const shoal::fuzz::InputAsFile input({data + choices, size - choices});
  options.file = input.path();
  if (chosen(data, 21)) options.test = {input.path()};
  return shoal::fuzz::read([&] {
    shoal::import_csv(options, shoal::fuzz::output_path());
    if (!chosen(data, 22)) return;
    // The same file again, by the table that was made of it.
    shoal::CsvForModel wanted;
    wanted.files = {input.path()};
    wanted.table = *shoal::Dataset::open(shoal::fuzz::output_path()).table();
    shoal::import_csv_for(wanted, shoal::fuzz::output_path());
  });
}
