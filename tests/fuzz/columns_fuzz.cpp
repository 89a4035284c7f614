// A file of columns (--columns) as TOML, and the import of a small table by it; the columns that are written are read
// again, and mean the same.
#include <cstdlib>
#include <string_view>

#include "fuzz.hpp"
#include "shoal/config/toml_file.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/data/import.hpp"

namespace {

constexpr std::string_view table =
    "label,number,kind,when,id,weight\n"
    "1,0.5,a,2018-01-28,p,1\n"
    "0,,b,2018-01-29,q,0.5\n"
    "1,7,,2018-01-30,r,2\n";

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const shoal::fuzz::InputAsFile columns({data, size});
  const shoal::fuzz::InputAsFile rows(bytes_of(table));
  return shoal::fuzz::read([&] {
    shoal::CsvOptions options;
    options.file = rows.path();
    options.choices = shoal::csv_choices(shoal::read_toml(columns.path()), "c.toml");
    const shoal::DatasetSummary first = shoal::import_csv(options, shoal::fuzz::output_path());
    const shoal::fuzz::InputAsFile written(bytes_of(first.columns_text));
    options.choices = shoal::csv_choices(shoal::read_toml(written.path()), "c.toml");
    const std::string content = shoal::import_csv(options, shoal::fuzz::output_path()).content;
    if (content != first.content) std::abort();
  });
}
