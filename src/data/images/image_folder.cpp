#include "image_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <utility>

#include "shoal/core/digits.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/utf8.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

struct Entries {
  std::vector<std::string> folders;
  std::vector<std::string> images;
  std::vector<std::string> others;
};

[[noreturn]] void refuse_folder(const std::string& path, const std::string& what) {
  throw Error(ExitStatus::bad_data, fmt::format("{}: {}", escape_non_utf8(path), what));
}

Entries entries_of(const fs::path& path) {
  Entries entries;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (entry->is_directory(ignored) && name.front() != '.') {
      entries.folders.push_back(name);
    } else {
      (is_image_name(name) && !entry->is_directory(ignored) ? entries.images : entries.others).push_back(name);
    }
  }
  if (error) {
    const bool absent = error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory ||
                        error == std::errc::permission_denied;
    throw Error(absent ? ExitStatus::no_input : ExitStatus::input_output,
                fmt::format("cannot read the folder {}: {}; give one that holds a folder of images for each class",
                            escape_non_utf8(path.string()), error.message()));
  }
  std::ranges::sort(entries.folders);
  std::ranges::sort(entries.images);
  std::ranges::sort(entries.others);
  return entries;
}

/// Whole numbers as numbers, as labels of other files are; else they stay as they are, bytewise.
void sort_classes(std::vector<std::string>& folders) {
  if (!std::ranges::all_of(folders, are_digits)) return;
  std::ranges::stable_sort(folders, {}, [](const std::string& name) {
    const std::string digits = name.substr(std::min(name.find_first_not_of('0'), name.size()));
    return std::pair(digits.size(), digits);
  });
}

/// One folder, or the one that is given.
std::size_t class_of_folder(const ImageFolder& images, const std::string& name) {
  const auto found = std::ranges::find(images.class_names, escape_non_utf8(name));
  if (found == images.class_names.end())
    refuse_folder(images.path,
                  fmt::format("the folder \"{}\" is none of the {} classes, such as \"{}\"; rename it, or import "
                              "it together with them",
                              escape_non_utf8(name), images.class_names.size(), images.class_names.front()));
  return static_cast<std::size_t>(found - images.class_names.begin());
}

/// What is left out, for one line.
struct LeftOut {
  std::size_t count = 0;
  std::string first;

  void add(const std::vector<std::string>& names, const std::string& folder) {
    if (count == 0 && !names.empty()) first = folder.empty() ? names.front() : folder + "/" + names.front();
    count += names.size();
  }
};

void say(const ImageFolder& images, const LeftOut& left_out) {
  if (left_out.count > 0)
    log_info(fmt::format("{}: {} no image by {} left out, the first is {}", escape_non_utf8(images.path),
                         counted(left_out.count, "file that is", "files that are"),
                         left_out.count == 1 ? "its name is" : "their names are", escape_non_utf8(left_out.first)));
}

}  // namespace

void say_empty_classes(const ImageFolder& images) {
  if (images.class_names.empty()) return;
  std::vector<std::int64_t> counts(images.class_names.size());
  for (const std::int32_t k : images.classes) ++counts[static_cast<std::size_t>(k)];
  const auto empty = std::ranges::find(counts, 0);
  if (empty == counts.end()) return;
  const auto without = std::ranges::count(counts, 0);
  log_warning(fmt::format("{}: {} of {} {} no image, the first is \"{}\"", escape_non_utf8(images.path), without,
                          counted(std::ssize(counts), "class", "classes"), without == 1 ? "has" : "have",
                          images.class_names[static_cast<std::size_t>(empty - counts.begin())]));
}

bool is_image_name(const std::string& name) {
  static constexpr std::array<std::string_view, 13> ends{"jpg",  "jpeg", "jpe",  "jfif", "png",  "gif", "bmp",
                                                         "webp", "tif",  "tiff", "ppm",  "heic", "avif"};
  std::string end = name.substr(std::min(name.size(), name.rfind('.') + 1));
  std::ranges::transform(end, end.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return !name.starts_with('.') && std::ranges::find(ends, end) != ends.end();
}

std::string ImageFolder::file(std::int64_t row) const {
  const auto r = static_cast<std::size_t>(row);
  const fs::path folder =
      class_names.empty() ? fs::path(path) : fs::path(path) / folders[static_cast<std::size_t>(classes[r])];
  return (folder / names[r]).string();
}

std::string ImageFolder::name_below(std::int64_t row) const {
  const auto r = static_cast<std::size_t>(row);
  const std::string& name = names[r];
  return escape_non_utf8(class_names.empty() ? name : folders[static_cast<std::size_t>(classes[r])] + '/' + name);
}

ImageFolder list_images(const std::string& folder, const std::vector<std::string>& class_names) {
  std::error_code none;
  if (const fs::path alone = folder; fs::is_regular_file(alone, none))
    return {alone.parent_path().string(), {}, {}, {alone.filename().string()}, {0}};
  Entries top = entries_of(folder);
  sort_classes(top.folders);
  ImageFolder images{folder, class_names, {}, {}, {}};
  LeftOut left_out;
  left_out.add(top.others, "");
  if (!top.folders.empty() && !top.images.empty())
    refuse_folder(folder,
                  fmt::format("images such as {} lie beside folders such as {}; put each into the folder of its class",
                              escape_non_utf8(top.images.front()), escape_non_utf8(top.folders.front())));
  if (top.folders.empty()) {
    images.class_names.clear();
    images.names = top.images;
    images.classes.assign(images.names.size(), 0);
  } else if (class_names.empty()) {
    for (const std::string& name : top.folders) images.class_names.push_back(escape_non_utf8(name));
  }
  images.folders.resize(images.class_names.size());
  for (const std::string& name : top.folders) {
    const std::size_t k = class_of_folder(images, name);
    if (!images.folders[k].empty())  // bytes beside the text that stands for them
      refuse_folder(folder, fmt::format("two folders are called \"{}\"; rename one", images.class_names[k]));
    images.folders[k] = name;
  }
  for (std::size_t k = 0; k < images.folders.size(); ++k) {
    const std::string& name = images.folders[k];
    if (name.empty()) continue;
    const Entries inside = entries_of(fs::path(folder) / name);
    if (!inside.folders.empty())
      refuse_folder(
          folder, fmt::format("{} holds the folder {}; a class is a folder of images alone: if {} is a split, give it "
                              "as the folder, or with --test",
                              escape_non_utf8(name), escape_non_utf8(inside.folders.front()), escape_non_utf8(name)));
    left_out.add(inside.others, name);
    images.names.insert(images.names.end(), inside.images.begin(), inside.images.end());
    images.classes.insert(images.classes.end(), inside.images.size(), static_cast<std::int32_t>(k));
  }
  if (images.names.empty())
    refuse_folder(folder, "no image in it; give a folder that holds a folder of images for each class");
  say(images, left_out);
  return images;
}

}  // namespace shoal
