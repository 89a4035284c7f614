#include "shoal/io/temporary_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "shoal/io/posix.hpp"
#include "shoal/io/signals_blocked.hpp"

namespace shoal::posix {
namespace {

/// Held for a few instructions, by a thread that no signal interrupts meanwhile: a handler that waits for it waits for
/// another thread, and not for its own.
class Turn {
 public:
  Turn() noexcept {
    while (held().test_and_set(std::memory_order_acquire)) {
    }
  }
  ~Turn() { held().clear(std::memory_order_release); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  static std::atomic_flag& held() noexcept {
    static constinit std::atomic_flag one;
    return one;
  }
};

/// There before anything runs and never destroyed: a signal may come at any time, and its handler must not allocate.
union Lasting {
  constexpr Lasting() noexcept : names() {}
  ~Lasting() {}
  std::vector<std::string> names;
};
constinit Lasting lasting;

std::vector<std::string>& names() noexcept { return lasting.names; }

void note(const std::string& name) {
  std::vector<std::string>& all = names();
  const SignalsBlocked blocked;
  const Turn turn;
  all.push_back(name);
}

void forget(const std::string& name) {
  const SignalsBlocked blocked;
  const Turn turn;
  const auto found = std::find(names().begin(), names().end(), name);
  if (found != names().end()) names().erase(found);
}

}  // namespace

TemporaryFile::TemporaryFile(std::filesystem::path path) : path_(std::move(path)) { note(path_.native()); }

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryFile::~TemporaryFile() {
  if (path_.empty()) return;
  ::unlink(path_.c_str());
  forget(path_.native());
}

void TemporaryFile::rename_to(const std::filesystem::path& place) {
  if (std::rename(path_.c_str(), place.c_str()) != 0) fail("write", place, errno);
  forget(path_.native());
  path_.clear();
}

void TemporaryFile::move_to(const std::filesystem::path& place) {
  rename_to(place);
  sync_folder_of(place);
}

void remove_temporary_files() noexcept {
  const Turn turn;
  for (const std::string& name : names()) ::unlink(name.c_str());
}

}  // namespace shoal::posix
