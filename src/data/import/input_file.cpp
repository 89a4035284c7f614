#include "input_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "shoal/core/log.hpp"
#include "shoal/core/utf8.hpp"

namespace shoal {
namespace {

constexpr std::size_t least_buffer_bytes = std::size_t{1} << 18;

}  // namespace

InputFile::InputFile(const std::string& path) : path_(path), bytes_(path), buffer_(least_buffer_bytes) {
  std::error_code unknown;
  const std::uintmax_t bytes = std::filesystem::file_size(path, unknown);
  if (!unknown) size_ = static_cast<std::int64_t>(bytes);
}

bool InputFile::fill() {
  at_ = 0;
  filled_ = bytes_.read(buffer_);
  return filled_ > 0;
}

void InputFile::skip_prefix(std::string_view prefix) {
  if (filled_ == 0 && !fill()) return;
  const std::string_view begin(reinterpret_cast<const char*>(buffer_.data()), filled_);
  if (begin.starts_with(prefix)) at_ = prefix.size();
}

std::size_t InputFile::read(std::span<std::byte> out) {
  const std::size_t ready = std::min(out.size(), filled_ - at_);
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(at_), ready, out.begin());
  at_ += ready;
  return ready + bytes_.read(out.subspan(ready));
}

std::vector<std::byte> InputFile::read_up_to(std::size_t bytes) {
  std::vector<std::byte> data;
  while (data.size() < bytes) {
    const std::size_t before = data.size();
    // Doubling from a piece: a header that lies about its size costs no more than twice what the file holds.
    data.resize(std::min(bytes, std::max(before * 2, least_buffer_bytes)));
    const std::size_t got = read(std::span(data).subspan(before));
    data.resize(before + got);
    if (got == 0) break;
  }
  return data;
}

void say_read_twice(const std::vector<std::string>& train, const std::vector<std::string>& test) {
  const auto same = [](const std::string& a, const std::string& b) {
    std::error_code none;  // of what is no file, such as an array of an archive, the name alone
    return !a.empty() && (a == b || std::filesystem::equivalent(a, b, none));
  };
  for (std::size_t i = 0; i < train.size(); ++i) {
    const auto of_it = [&](const std::string& other) { return same(train[i], other); };
    const auto next = train.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (std::any_of(next, train.end(), of_it))
      log_warning(fmt::format("{} is given twice, so its rows count twice", escape_non_utf8(train[i])));
    if (std::any_of(test.begin(), test.end(), of_it))
      log_warning(fmt::format("{} is given to train on and to test on, so that a test says nothing of other rows",
                              escape_non_utf8(train[i])));
  }
}

std::string file_name(const std::string& path) {
  return escape_non_utf8(std::filesystem::path(path).filename().string());
}

}  // namespace shoal
