#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shoal/io/posix.hpp"

namespace shoal {

struct RunLockOptions {
  std::chrono::milliseconds heartbeat{2000};  ///< between two signs of life
  std::chrono::milliseconds patience{30000};  ///< without one, until the lock of another host is taken over
};

/// A file on its way to the disk that has yet to get its name: see RunLock::begin().
struct BegunFile {
  std::filesystem::path place;
  posix::Draft draft;
};

/// Owns a run directory through its file `lock`, which names host, process and process start time, and a heartbeat that
/// a thread of its own keeps counting; and through its number, the folder `incarnation-N`, which the next owner
/// removes. Held until destroyed. The folder stays, so that numbers only grow.
class RunLock {
 public:
  /// A lock whose process is dead on this host is taken over at once. One that cannot be judged (another host, another
  /// container, garbled) is watched for `patience`, and taken over if its heartbeat stands still.
  /// @throws Error(taken) when the directory is in use, Error(input_output) when it cannot be written
  explicit RunLock(const std::filesystem::path& directory, const RunLockOptions& options = {});
  RunLock(RunLock&&) noexcept;
  RunLock& operator=(RunLock&&) noexcept;
  ~RunLock();

  static constexpr const char* file_name = "lock";
  /// Whether owners of a directory call a file or folder there so.
  static bool is_name(const std::string& name);

  /// Whether a directory has or had an owner: its number is there before its lock, and stays. A file called `lock` is
  /// anybody's. False as well where that cannot be seen.
  static bool was_held(const std::filesystem::path& directory);

  /// How many owners the directory has had, this one included.
  std::int64_t incarnation() const;

  /// @throws Error(taken) when another process, after this one seemed dead to it, has taken the directory over, or the
  ///         directory was moved or removed
  void check() const;

  /// The fence: as write_atomically(), making a link and removing a file, for places in the directory, but never once
  /// another process has taken it over, not even by a call that was under way then.
  /// @throws Error(taken)  as check(); Error(input_output)  in other cases
  void write(const std::filesystem::path& place, std::span<const std::byte> bytes) const;
  void link(const std::filesystem::path& place, const std::filesystem::path& target) const;
  void remove(const std::filesystem::path& place) const;

  /// Several files as by write(), in their order, with a few waits for the disk instead of two a file: begin() sends
  /// one on its way there; put() waits for all and only then gives the first its name. Their file names must differ,
  /// also where their folders do. @throws as write()
  BegunFile begin(const std::filesystem::path& place, std::span<const std::byte> bytes) const;
  void put(std::vector<BegunFile> files) const;

 private:
  template <class Change>
  void fenced(const Change& change) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
