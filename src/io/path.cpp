#include "shoal/io/path.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "shoal/core/error.hpp"
#include "shoal/core/utf8.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// `folder` and `..`
fs::path above(const fs::path& folder) {
  if (folder.empty() || folder.filename() == "..") return folder / "..";
  if (folder == folder.root_path()) return folder;
  std::error_code error;
  if (!fs::is_directory(folder, error)) return folder / "..";
  if (!fs::is_symlink(folder, error)) return folder.parent_path();
  const fs::path meant = fs::canonical(folder, error);
  return error ? folder / ".." : meant.parent_path();
}

}  // namespace

fs::path tidy_path(const fs::path& path) {
  if (path.empty()) return path;
  fs::path tidy = path.root_path();
  bool ends_as_folder = false;
  for (const fs::path& part : path.relative_path()) {
    ends_as_folder = part.empty() || part == "." || part == "..";
    if (part == "..")
      tidy = above(tidy);
    else if (!ends_as_folder)
      tidy /= part;
  }
  if (tidy.empty()) return ".";
  // The system refuses a file by the name of a folder, and so it stays.
  std::error_code error;
  return ends_as_folder && tidy.has_filename() && tidy.filename() != ".." && !fs::is_directory(tidy, error) ? tidy / ""
                                                                                                            : tidy;
}

fs::path absolute_path(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return tidy_path(error ? path : absolute);
}

std::string recorded_path(const fs::path& path) {
  std::string absolute = absolute_path(path).string();
  if (!is_utf8(absolute))
    throw Error(ExitStatus::usage,
                fmt::format("the path {} is not UTF-8, and a checkpoint that names it could not be read again; rename "
                            "it, or give a link to it whose own path is",
                            escape_non_utf8(absolute)));
  return absolute;
}

fs::path named_path(const fs::path& path) {
  const fs::path tidy = tidy_path(path);
  const fs::path named = tidy.has_filename() || !tidy.has_relative_path() ? tidy : tidy.parent_path();
  return named == "." || named.filename() == ".." ? absolute_path(path) : named;
}

bool on_one_file_system(const fs::path& a, const fs::path& b) {
  struct stat first = {};
  struct stat second = {};
  return ::stat(a.c_str(), &first) != 0 || ::stat(b.c_str(), &second) != 0 || first.st_dev == second.st_dev;
}

fs::path with_ending(const fs::path& file, const std::string& ending) {
  constexpr long usual = 255;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const long known = ::pathconf(folder.c_str(), _PC_NAME_MAX);
  const auto most = static_cast<std::size_t>(known > 0 ? known : usual);
  const std::string name = file.filename().string();
  const std::size_t room = most - std::min(most, ending.size());
  return file.parent_path() / (name.substr(0, std::min(name.size(), room)) + ending);
}

}  // namespace shoal
