#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "byte_source.hpp"

namespace shoal {

/// A file that is read from start to end, plain or compressed by gzip or zstd (told by its first bytes, not by its
/// name).
class InputFile {
 public:
  /// @throws Error  no_input when there is no such file, input_output when it cannot be read
  explicit InputFile(const std::string& path);

  const std::string& path() const { return path_; }

  /// How far the file itself has been read, for progress: compressed bytes where it is compressed.
  std::int64_t place() const { return bytes_.consumed(); }
  std::int64_t size() const { return size_; }  ///< bytes of the file itself

  /// Reads out.size() bytes, fewer only at the end of the file. @throws Error  bad_data for damaged data
  std::size_t read(std::span<std::byte> out);
  /// Reads `bytes` bytes or to the end of the file, without trusting `bytes` for an allocation.
  std::vector<std::byte> read_up_to(std::size_t bytes);

  /// The next byte, or -1 at the end.
  int get() {
    if (at_ == filled_ && !fill()) return -1;
    return static_cast<unsigned char>(buffer_[at_++]);
  }
  int peek() {
    if (at_ == filled_ && !fill()) return -1;
    return static_cast<unsigned char>(buffer_[at_]);
  }

  /// Passes over what the file begins with, if it is that. Before anything else is read.
  void skip_prefix(std::string_view prefix);

 private:
  bool fill();

  std::string path_;
  ByteSource bytes_;
  std::int64_t size_ = 0;
  std::vector<std::byte> buffer_;
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
};

/// Says which files, or folders, bring the same rows twice: to train on, or to train and to test on.
void say_read_twice(const std::vector<std::string>& train, const std::vector<std::string>& test);

/// The name of a file without its folder.
std::string file_name(const std::string& path);

}  // namespace shoal
