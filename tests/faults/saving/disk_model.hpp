#pragma once

// What may be on a disk after a power cut, given the calls that were made before: bytes of a file are safe once it was
// synced, names in a folder once that was; what was not synced may be there or not. Names appear in the order in which
// they were made, as journals of file systems keep it.

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "system_calls.hpp"

namespace shoal::tests {

class DiskModel {
 public:
  /// All that lies in `folder` now is safe.
  explicit DiskModel(const std::filesystem::path& folder);

  void apply(const Record& record);

  /// How much of what was not synced a cut lets through: the first `names` of the pending names, and `bytes`.
  enum class Bytes { none, half, all };
  std::size_t pending_names() const { return pending_.size(); }
  /// Makes that state in `place`, an empty folder.
  void write_state(std::size_t names, Bytes bytes, const std::filesystem::path& place) const;

 private:
  struct File {
    std::string safe;
    std::string now;
    std::string target;  // of a link
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;
  struct Change {
    std::string remove;
    std::string add;
    std::shared_ptr<File> file;
    std::string folder;  // whose sync makes it safe
  };
  static void make(Names& names, const Change& change);
  void change(Change change);
  std::string inside(const std::string& path) const;

  std::string folder_;
  Names safe_;
  Names now_;
  std::vector<Change> pending_;
};

}  // namespace shoal::tests
