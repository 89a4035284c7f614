#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace shoal {

/// Says how far an import has come where it takes more than a second: one line on a terminal, written over and removed
/// at the end; elsewhere a log line now and then. Of rank 0 alone.
class ImportProgress {
 public:
  /// @param what  such as "reading table.csv"   @param total  of whatever add() counts
  ImportProgress(std::string what, std::int64_t total);
  ImportProgress(const ImportProgress&) = delete;
  ImportProgress& operator=(const ImportProgress&) = delete;
  ~ImportProgress();

  void add(std::int64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  std::string what_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  bool on_terminal_;
  Clock::time_point next_;
  bool shown_ = false;
};

}  // namespace shoal
