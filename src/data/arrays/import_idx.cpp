#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/import/input_file.hpp"
#include "flat_array.hpp"
#include "import_arrays.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/import.hpp"

namespace shoal {
namespace {

SourceArrays idx_array(const std::string& path, const MissingNumbers& missing) {
  std::vector<ArrayOrigin> origins;
  origins.push_back({path, [path] { return open_idx(path, all_block_bytes); }});
  return {file_name(path), std::move(origins), missing};
}

ArrayParts idx_parts(const std::string& images, const std::string& labels) {
  ArrayParts parts;
  parts.x.push_back(idx_array(images, {}));
  if (!labels.empty()) parts.y = idx_array(labels, missing_labels());
  return parts;
}

}  // namespace

DatasetSummary import_idx(const IdxOptions& options, const std::string& out) {
  if (options.test_images.empty() != options.test_labels.empty() && !options.labels.empty())
    throw Error(ExitStatus::usage, "--test-images and --test-labels belong together; give both or neither");
  if (options.labels.empty() && !options.test_labels.empty())
    throw Error(ExitStatus::usage, "--test-labels without --labels; give both or neither");
  say_read_twice({options.images}, {options.test_images});
  ArrayImport import{.train = {}, .source = {}};
  import.wish = options.regression ? LabelWish::regression : LabelWish::found_out;
  import.labels_are_classes = true;
  import.train = idx_parts(options.images, options.labels);
  if (!options.test_images.empty()) import.test = idx_parts(options.test_images, options.test_labels);
  std::vector<std::string> names;
  for (const std::string& file : {options.images, options.labels, options.test_images, options.test_labels}) {
    if (!file.empty()) names.push_back(file_name(file));
  }
  import.source = fmt::format("{}", fmt::join(names, ", "));
  import.like = options.like;
  import.model = options.model;
  import.split = options.split;
  return import_arrays(std::move(import), out);
}

}  // namespace shoal
