#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/import/input_file.hpp"
#include "import_arrays.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/import.hpp"
#include "shoal/io/h5_array.hpp"

namespace shoal {
namespace {

SourceArrays hdf5_array(const std::vector<std::string>& files, const std::string& path, const MissingNumbers& missing,
                        std::int64_t block_bytes) {
  std::vector<ArrayOrigin> origins;
  origins.reserve(files.size());
  for (const std::string& file : files)
    origins.push_back({fmt::format("{}: {}", file, path),
                       [file, path, block_bytes] { return std::make_unique<H5Array>(file, path, block_bytes); }});
  return {path, std::move(origins), missing};
}

ArrayParts hdf5_parts(const std::vector<std::string>& files, const Hdf5Options& options) {
  const MissingNumbers missing = missing_numbers(options.model ? missing_of_model(options.missing) : options.missing);
  const std::int64_t block_bytes = all_block_bytes / static_cast<std::int64_t>(options.x.size());
  ArrayParts parts;
  for (const std::string& path : options.x) parts.x.push_back(hdf5_array(files, path, missing, block_bytes));
  if (!options.y.empty()) parts.y = hdf5_array(files, options.y, missing_labels(), all_block_bytes);
  return parts;
}

}  // namespace

std::vector<std::string> Hdf5Options::files() const {
  std::vector<std::string> all = sources;
  all.insert(all.end(), test.begin(), test.end());
  all.push_back(like);
  return all;
}

DatasetSummary import_hdf5(const Hdf5Options& options, const std::string& out) {
  ArrayImport import{.train = {}, .source = {}};
  import.wish = label_wish(options.classes, options.regression);
  if (import.wish != LabelWish::found_out && options.y.empty())
    throw Error(ExitStatus::usage, "--classes and --regression need --y, the array to predict");
  say_read_twice(options.sources, options.test);
  warn_of_known_target(options.x, options.y);
  import.train = hdf5_parts(options.sources, options);
  if (!options.test.empty()) import.test = hdf5_parts(options.test, options);
  std::vector<std::string> names;
  for (const std::string& file : options.sources) names.push_back(file_name(file));
  for (const std::string& file : options.test) names.push_back(file_name(file));
  import.source = fmt::format("{}", fmt::join(names, ", "));
  import.like = options.like;
  import.model = options.model;
  import.missing = options.model ? missing_of_model(options.missing) : options.missing;
  import.split = options.split;
  return import_arrays(std::move(import), out);
}

}  // namespace shoal
