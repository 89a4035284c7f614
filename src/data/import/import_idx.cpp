#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "data/contents.hpp"
#include "input_file.hpp"
#include "labels.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/import.hpp"
#include "splits.hpp"

namespace shoal {
namespace {

struct Idx {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> values;
};

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(ExitStatus::bad_data, fmt::format("{}: {}", path, what));
}

/// The header is 0, 0, the element type, the rank, then each extent as 4 bytes, most significant first.
Idx read_idx(const std::string& path) {
  InputFile file(path);
  std::array<std::byte, 4> magic{};
  const std::size_t got = file.read(magic);
  if (got == 0) refuse(path, "the file is empty; fetch it again");
  const auto type = static_cast<unsigned>(magic[2]);
  const auto rank = static_cast<std::size_t>(magic[3]);
  if (got < 4 || magic[0] != std::byte{0} || magic[1] != std::byte{0}) {
    refuse(path, fmt::format("no IDX file: it begins with the bytes {:02x} {:02x} {:02x} {:02x}, not 00 00 and a type",
                             static_cast<unsigned>(magic[0]), static_cast<unsigned>(magic[1]), type, rank));
  }
  if (type != 0x08) {
    refuse(path,
           fmt::format("IDX element type 0x{:02x}; only unsigned bytes (0x08) are read, convert to NPY or CSV", type));
  }
  if (rank == 0) refuse(path, "IDX rank is 0; an array of at least one dimension is needed");
  if (rank > most_dimensions) refuse(path, fmt::format("IDX rank is {}; {} is the most", rank, most_dimensions));
  Idx idx;
  std::size_t bytes = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    std::array<std::byte, 4> extent{};
    if (file.read(extent) < 4) refuse(path, "the file ends inside the IDX header; fetch it again");
    std::size_t value = 0;
    for (const std::byte b : extent) value = value << 8 | static_cast<std::size_t>(b);
    idx.shape.push_back(static_cast<std::int64_t>(value));
    if (__builtin_mul_overflow(bytes, value, &bytes)) bytes = static_cast<std::size_t>(-1) / 2;
  }
  if (bytes == 0) refuse(path, fmt::format("the IDX shape ({}) holds no value", fmt::join(idx.shape, ", ")));
  const std::vector<std::byte> data = file.read_up_to(bytes);
  if (data.size() < bytes || file.peek() >= 0) {
    refuse(path, fmt::format("the IDX shape ({}) needs {} bytes, the file holds {}; fetch it again",
                             fmt::join(idx.shape, ", "), bytes,
                             data.size() < bytes ? std::to_string(data.size()) : std::string("more")));
  }
  idx.values.resize(data.size());
  std::transform(data.begin(), data.end(), idx.values.begin(),
                 [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  return idx;
}

struct Part {
  Table table;
  std::vector<std::string> class_names;
};

Part read_part(const std::string& images_path, const std::string& labels_path) {
  Idx images = read_idx(images_path);
  Part part;
  part.table.rows = images.shape[0];
  std::vector<std::int64_t> shape(images.shape.begin() + 1, images.shape.end());
  if (shape.empty()) shape.push_back(1);
  part.table.x = column_of(std::move(images.values), std::move(shape));
  if (labels_path.empty()) return part;

  const Idx idx = read_idx(labels_path);
  if (idx.shape.size() != 1) {
    refuse(labels_path, fmt::format("labels have shape ({}); one dimension is needed: are these the images?",
                                    fmt::join(idx.shape, ", ")));
  }
  if (idx.shape[0] != part.table.rows) {
    refuse(labels_path, fmt::format("{} labels for {} images in {}; give the two files that belong together",
                                    idx.shape[0], part.table.rows, images_path));
  }
  const std::vector<std::int64_t> values(idx.values.begin(), idx.values.end());
  Labels labels = labels_from_classes(values, [&](std::size_t i) { return fmt::format("{}: row {}", labels_path, i); });
  part.class_names = labels.class_names;
  part.table.y = std::move(labels).column();
  return part;
}

}  // namespace

DatasetSummary import_idx(const IdxOptions& options, const std::string& out) {
  if (options.test_images.empty() != options.test_labels.empty() && !options.labels.empty()) {
    throw Error(ExitStatus::usage, "--test-images and --test-labels belong together; give both or neither");
  }
  if (options.labels.empty() && !options.test_labels.empty()) {
    throw Error(ExitStatus::usage, "--test-labels without --labels; give both or neither");
  }
  const Part part = read_part(options.images, options.labels);
  TableNotes notes{part.class_names, {}, file_name(options.images)};
  if (!options.labels.empty()) notes.source += ", " + file_name(options.labels);

  if (options.test_images.empty()) return write_splits(plan_splits(part.table, nullptr, options.split), notes, out);

  const Part test = read_part(options.test_images, options.test_labels);
  if (test.table.x.shape != part.table.x.shape) {
    refuse(options.test_images,
           fmt::format("images of shape ({}), those of {} have ({}); both need the same",
                       fmt::join(test.table.x.shape, ", "), options.images, fmt::join(part.table.x.shape, ", ")));
  }
  if (test.class_names.size() > notes.class_names.size()) notes.class_names = test.class_names;
  notes.source += ", " + file_name(options.test_images);
  if (!options.test_labels.empty()) notes.source += ", " + file_name(options.test_labels);
  return write_splits(plan_splits(part.table, &test.table, options.split), notes, out);
}

}  // namespace shoal
