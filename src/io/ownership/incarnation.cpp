#include "io/ownership/incarnation.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <vector>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = Incarnation::prefix;
constexpr int most_removals = 100;

fs::path folder(const fs::path& directory, std::int64_t number) {
  return directory / fmt::format("{}{}", prefix, number);
}

std::vector<std::int64_t> numbers_in(const fs::path& directory) {
  std::vector<std::int64_t> numbers;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    std::int64_t number = 0;
    const char* last = name.data() + name.size();
    const auto [stop, fault] = std::from_chars(name.data() + prefix.size(), last, number);
    if (fault == std::errc() && stop == last && number > 0) numbers.push_back(number);
  }
  if (error) posix::fail("list", directory, error.value());
  return numbers;
}

}  // namespace

Incarnation::Incarnation(fs::path directory, std::int64_t number, posix::Descriptor workshop)
    : directory_(std::move(directory)),
      number_(number),
      workshop_(std::move(workshop)),
      way_in_(fmt::format("/proc/self/fd/{}", workshop_.get())) {
  std::error_code none;
  if (!fs::exists(way_in_, none)) way_in_ = folder(directory_, number_);
}

std::int64_t Incarnation::newest(const fs::path& directory) {
  const std::vector<std::int64_t> numbers = numbers_in(directory);
  return numbers.empty() ? 0 : *std::max_element(numbers.begin(), numbers.end());
}

bool Incarnation::any_in(const fs::path& directory) {
  std::error_code none;
  return std::ranges::any_of(numbers_in(directory),
                             [&](std::int64_t number) { return fs::is_directory(folder(directory, number), none); });
}

std::optional<Incarnation> Incarnation::claim(const fs::path& directory, std::int64_t number) {
  constexpr mode_t mode = 0777;  // less the process's umask
  const fs::path path = folder(directory, number);
  if (::mkdir(path.c_str(), mode) == 0) {
    // Opened before the look at the others: as long as there is no later one, nobody has removed and made it again.
    posix::Descriptor workshop = posix::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const int error = errno;
    if (workshop && newest(directory) == number) return Incarnation(directory, number, std::move(workshop));
    if (!workshop && error != ENOENT) posix::fail("open", path, error);
    // A later owner has removed this number before, or just now; it must not be taken twice.
    ::rmdir(path.c_str());
    return std::nullopt;
  }
  if (errno == EEXIST) return std::nullopt;
  posix::fail("make", path, errno);
}

void Incarnation::fence_off_earlier() const {
  for (const std::int64_t number : numbers_in(directory_)) {
    if (number >= number_) continue;
    const fs::path earlier = folder(directory_, number);
    std::error_code error;
    std::error_code none;
    // It may be making a file in this moment, or somebody else be removing it; either only so often.
    for (int tries = 0; tries < most_removals; ++tries) {
      fs::remove_all(earlier, error);
      if (!fs::exists(fs::symlink_status(earlier, none))) break;
    }
    if (fs::exists(fs::symlink_status(earlier, none))) posix::fail("remove", earlier, error.value());
  }
}

bool Incarnation::stands() const { return newest(directory_) == number_; }

fs::path Incarnation::workshop(const fs::path& place) const { return way_in_ / (place.filename().string() + ".tmp"); }

void Incarnation::write(const fs::path& place, std::span<const std::byte> bytes) const {
  posix::write_via(workshop(place), place, bytes);
}

posix::Draft Incarnation::draft(const fs::path& place, std::span<const std::byte> bytes) const {
  return posix::write_draft(workshop(place), place, bytes);
}

void Incarnation::link(const fs::path& place, const fs::path& target) const {
  posix::link_via(workshop(place), place, target);
}

void Incarnation::remove(const fs::path& place) const {
  const fs::path away = workshop(place);
  if (std::rename(place.c_str(), away.c_str()) != 0) {
    if (errno == ENOENT && stands()) return;  // it was not there
    posix::fail("remove", place, errno);
  }
  if (::unlink(away.c_str()) != 0) posix::fail("remove", place, errno);
}

}  // namespace shoal
