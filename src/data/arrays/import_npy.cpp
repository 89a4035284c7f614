#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "data/import/input_file.hpp"
#include "flat_array.hpp"
#include "import_arrays.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/import.hpp"

namespace shoal {
namespace {

/// For columns and notes: the name in an archive, or that of the file.
std::string name_of(const std::string& source) {
  const std::string file = npy_file(source);
  return file.size() < source.size() ? source.substr(file.size() + 1)
                                     : std::filesystem::path(file_name(file)).stem().string();
}

SourceArrays npy_array(const std::string& source, const MissingNumbers& missing) {
  std::vector<ArrayOrigin> origins;
  origins.push_back({source, [source] { return open_npy(source, all_block_bytes); }});
  return {name_of(source), std::move(origins), missing};
}

ArrayParts npy_parts(const std::string& x, const std::string& y, const MissingNumbers& missing) {
  ArrayParts parts;
  parts.x.push_back(npy_array(x, missing));
  if (!y.empty()) parts.y = npy_array(y, missing_labels());
  return parts;
}

}  // namespace

std::vector<std::string> NpyOptions::files() const {
  return {npy_file(x), npy_file(y), npy_file(test_x), npy_file(test_y), like};
}

DatasetSummary import_npy(const NpyOptions& options, const std::string& out) {
  if (options.test_x.empty() != options.test_y.empty() && !(options.y.empty() && options.test_y.empty()))
    throw Error(ExitStatus::usage, "--test-x and --test-y belong together; give both or neither");
  if (options.y.empty() && !options.test_y.empty())
    throw Error(ExitStatus::usage, "--test-y without --y; give both or neither");
  const MissingNumbers missing = missing_numbers(options.model ? missing_of_model(options.missing) : options.missing);
  ArrayImport import{.train = {}, .source = {}};
  import.wish = label_wish(options.classes, options.regression);
  import.keeps_float64 = true;
  say_read_twice({options.x}, {options.test_x});
  warn_of_known_target({options.x}, options.y);
  import.train = npy_parts(options.x, options.y, missing);
  if (!options.test_x.empty()) import.test = npy_parts(options.test_x, options.test_y, missing);
  std::vector<std::string> names;
  for (const std::string& source : {options.x, options.y, options.test_x, options.test_y}) {
    if (!source.empty()) names.push_back(file_name(source));
  }
  import.source = fmt::format("{}", fmt::join(names, ", "));
  import.like = options.like;
  import.model = options.model;
  import.missing = options.model ? missing_of_model(options.missing) : options.missing;
  import.split = options.split;
  return import_arrays(std::move(import), out);
}

}  // namespace shoal
