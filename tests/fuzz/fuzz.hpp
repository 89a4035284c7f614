#pragma once

// What the fuzz targets share. Each defines LLVMFuzzerTestOneInput: clang's libFuzzer calls it with inputs that it
// makes up, replay.cpp with those that are kept.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace shoal::fuzz {

/// A file that holds `data` and lies in memory alone.
class InputAsFile {
 public:
  explicit InputAsFile(std::span<const std::uint8_t> data);
  InputAsFile(const InputAsFile&) = delete;
  InputAsFile& operator=(const InputAsFile&) = delete;
  ~InputAsFile();
  const std::string& path() const { return path_; }

 private:
  int descriptor_;
  std::string path_;
};

/// Where a target may write; one file, replaced again and again.
const std::string& output_path();

/// Runs a reader. It may refuse its input with an Error of one line and a status that blames the input; files that it
/// writes may be too large. Whatever else happens is a finding: other exceptions, crashes, hangs, too much memory.
int read(const std::function<void()>& reader);

}  // namespace shoal::fuzz
