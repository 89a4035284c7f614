#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "data/contents.hpp"
#include "data/import/input_file.hpp"
#include "data/import/progress.hpp"
#include "data/import/splits.hpp"
#include "image.hpp"
#include "image_folder.hpp"
#include "resize.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/utf8.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/import.hpp"
#include "shoal/io/file.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_file_bytes = std::int64_t{1} << 28;

struct ImageRead {
  std::optional<std::string> fault = {};  ///< why it cannot be read
  bool turned = false;                    ///< see is_turned()
};

/// Puts an image into `out`.
ImageRead read_image(const std::string& path, const ImageSize& size, std::span<std::byte> out) {
  try {
    const RandomAccessFile file(path);
    if (file.size() > most_file_bytes) return {fmt::format("{} bytes; {} are the most", file.size(), most_file_bytes)};
    std::vector<std::byte> bytes(static_cast<std::size_t>(file.size()));
    file.read(0, bytes);
    Resizer resizer(size, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
    decode_image(bytes, resizer);
    return {{}, is_turned(bytes)};
  } catch (const ImageFault& fault) {
    return {fault.what()};
  } catch (const Error& error) {
    return {error.what()};
  }
}

/// Decodes images on all cores as they are asked for.
class ImageRows {
 public:
  ImageRows(ImageFolder folder, const ImageSize& size)
      : folder_(std::move(folder)), size_(size), turned_(folder_.names.size()) {}

  std::vector<std::int64_t> shape() const { return {size_.channels, size_.height, size_.width}; }
  std::size_t row_bytes() const { return static_cast<std::size_t>(size_.channels * size_.height * size_.width); }

  /// @throws Error(bad_data)  for the first of the images that cannot be read
  void read(std::span<const std::int64_t> rows, std::span<std::byte> out) {
    const std::vector<ImageRead> read = try_all(rows, out);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      turned_[static_cast<std::size_t>(rows[i])] = read[i].turned;
      if (!read[i].fault) continue;
      const bool alone = folder_.names.size() == 1;
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}: {}{}", escape_non_utf8(folder_.file(rows[i])), *read[i].fault,
                              alone ? "" : "; replace or remove it, or leave out such files with --skip-bad"));
    }
  }

  /// Leaves out what cannot be read, and says so.
  void skip_bad() {
    constexpr std::size_t piece_bytes = std::size_t{1} << 23;
    const auto count = static_cast<std::int64_t>(folder_.names.size());
    const auto piece = static_cast<std::int64_t>(std::max<std::size_t>(1, piece_bytes / row_bytes()));
    ImportProgress progress("looking at the images of " + escape_non_utf8(folder_.path), count);
    std::vector<std::byte> scratch;
    std::vector<std::string> names;
    std::vector<std::int32_t> classes;
    std::string first;
    for (std::int64_t begin = 0; begin < count; begin += piece) {
      std::vector<std::int64_t> rows;
      for (std::int64_t row = begin; row < std::min(count, begin + piece); ++row) rows.push_back(row);
      scratch.resize(rows.size() * row_bytes());
      const std::vector<ImageRead> read = try_all(rows, scratch);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto row = static_cast<std::size_t>(rows[i]);
        if (read[i].fault) {
          if (first.empty()) first = fmt::format("{}: {}", escape_non_utf8(folder_.file(rows[i])), *read[i].fault);
          continue;
        }
        names.push_back(folder_.names[row]);
        classes.push_back(folder_.classes[row]);
      }
      progress.add(static_cast<std::int64_t>(rows.size()));
    }
    const std::size_t left_out = folder_.names.size() - names.size();
    if (names.empty()) throw Error(ExitStatus::bad_data, fmt::format("no image can be read; the first is {}", first));
    if (left_out > 0)
      log_warning(fmt::format("left out: {} of {}; the first is {}", left_out, counted(count, "image"), first));
    folder_.names = std::move(names);
    folder_.classes = std::move(classes);
    turned_.resize(folder_.names.size());
  }

  /// Of those that were read.
  void say_turned() const {
    const auto count = std::ranges::count(turned_, true);
    if (count == 0) return;
    const auto first = std::ranges::find(turned_, true) - turned_.begin();
    log_warning(
        fmt::format("{}: {} of {} {} in EXIF to be turned or mirrored, the first is {}; they are taken as they "
                    "are stored, turn them before if they differ in that",
                    escape_non_utf8(folder_.path), count, counted(std::ssize(turned_), "image"),
                    count == 1 ? "says" : "say", folder_.name_below(first)));
  }

  const ImageFolder& folder() const { return folder_; }

 private:
  std::vector<ImageRead> try_all(std::span<const std::int64_t> rows, std::span<std::byte> out) const {
    std::vector<ImageRead> read(rows.size());
    parallel_for(static_cast<std::int64_t>(rows.size()), [&](std::int64_t i) {
      const auto at = static_cast<std::size_t>(i);
      read[at] = read_image(folder_.file(rows[at]), size_, out.subspan(at * row_bytes(), row_bytes()));
    });
    return read;
  }

  ImageFolder folder_;
  ImageSize size_;
  std::vector<bool> turned_;  // each image
};

Column names_of_files(std::shared_ptr<const ImageRows> rows) {
  std::size_t longest = 1;
  for (std::int64_t row = 0; row < std::ssize(rows->folder().names); ++row)
    longest = std::max(longest, rows->folder().name_below(row).size());
  const auto copy = [rows = std::move(rows), longest](std::int64_t row, std::byte* out) {
    const std::string name = rows->folder().name_below(row);
    std::memset(out, 0, longest);
    std::memcpy(out, name.data(), name.size());
  };
  return {ElementType::uint8, {static_cast<std::int64_t>(longest)}, copy};
}

std::shared_ptr<ImageRows> rows_of_images(const ImageFolder& folder, const ImageSize& size, bool skip_bad) {
  auto rows = std::make_shared<ImageRows>(folder, size);
  if (skip_bad) rows->skip_bad();
  say_empty_classes(rows->folder());
  return rows;
}

Table table_of_images(const std::shared_ptr<ImageRows>& rows) {
  Table table;
  table.rows = static_cast<std::int64_t>(rows->folder().names.size());
  table.x = {ElementType::uint8,
             rows->shape(),
             {},
             [rows](std::span<const std::int64_t> some, std::span<std::byte> out) { rows->read(some, out); },
             true};
  if (!rows->folder().class_names.empty()) table.y = column_of(rows->folder().classes, {});
  table.ids = {names_of_files(rows)};
  return table;
}

/// By the options, and those of the other set.
ImageSize size_of(const ImagesOptions& options, const Dataset* like) {
  ImageSize size{options.width, options.height, options.gray ? 1 : 3};
  if (like != nullptr) {
    const std::vector<std::int64_t>& shape = like->shape();
    if (shape.size() != 3 || (shape[0] != 1 && shape[0] != 3))
      throw Error(ExitStatus::usage,
                  fmt::format("--like {}: its rows are no images of (channels, height, width)", options.like));
    const bool other =
        (size.width != 0 && (size.width != shape[2] || size.height != shape[1])) || (options.gray && shape[0] != 1);
    if (other)
      throw Error(ExitStatus::usage,
                  fmt::format("--like {} has images of {}x{}{}; leave out --size and --gray", options.like, shape[2],
                              shape[1], shape[0] == 1 ? ", gray" : " in colour"));
    size = {shape[2], shape[1], shape[0]};
  }
  if (size.width < 1 || size.height < 1)
    throw Error(ExitStatus::usage, "--size is missing; give width and height of all images, such as --size 32x32");
  if (size.height > most_features / size.width / size.channels)
    throw Error(ExitStatus::usage, fmt::format("--size {}x{} is too large; {} values an image are the most", size.width,
                                               size.height, most_features));
  return size;
}

}  // namespace

DatasetSummary import_images(const ImagesOptions& options, const std::string& out) {
  std::optional<Dataset> like;
  if (!options.like.empty()) like = Dataset::open(options.like);
  const ImageSize size = size_of(options, like ? &*like : nullptr);
  std::vector<std::string> known = options.model ? options.model->class_names : std::vector<std::string>{};
  if (like) known = like->class_names();
  const ImageFolder folder = list_images(options.folder, known);
  TableNotes notes{folder.class_names, {}, file_name(options.folder)};
  notes.ids = {"file"};
  notes.like = options.like;
  if (folder.class_names.empty()) notes.class_names = known;
  if (options.test.empty()) {
    const auto rows = rows_of_images(folder, size, options.skip_bad);
    const Table table = table_of_images(rows);
    DatasetSummary summary = write_splits(plan_splits(table, nullptr, options.split), notes, out);
    rows->say_turned();
    return summary;
  }
  say_read_twice({options.folder}, {options.test});
  const ImageFolder test_folder = list_images(options.test, folder.class_names);
  if (test_folder.class_names.empty() != folder.class_names.empty())
    throw Error(ExitStatus::bad_data,
                fmt::format("of {} and {} one has folders of classes and the other has not; both need the same",
                            escape_non_utf8(options.folder), escape_non_utf8(options.test)));
  const auto rows = rows_of_images(folder, size, options.skip_bad);
  const auto test_rows = rows_of_images(test_folder, size, options.skip_bad);
  const Table table = table_of_images(rows);
  const Table test = table_of_images(test_rows);
  notes.source += ", " + file_name(options.test);
  DatasetSummary summary = write_splits(plan_splits(table, &test, options.split), notes, out);
  rows->say_turned();
  test_rows->say_turned();
  return summary;
}

}  // namespace shoal
