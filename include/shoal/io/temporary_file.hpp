#pragma once

#include <filesystem>

namespace shoal::posix {

/// Removes the file of that name when destroyed, unless it was moved.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path path);
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  const std::filesystem::path& path() const { return path_; }
  /// Renames it to `place`, which it replaces. That lasts when the folder is synced. @throws Error(input_output)
  void rename_to(const std::filesystem::path& place);
  /// The same, and syncs the folder of `place`.
  void move_to(const std::filesystem::path& place);

 private:
  std::filesystem::path path_;
};

/// Removes the files of all that are alive, for a process that ends at once: may be called from a signal handler, and
/// by any thread.
void remove_temporary_files() noexcept;

}  // namespace shoal::posix
