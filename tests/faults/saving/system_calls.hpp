#pragma once

// The system calls of a save, in the place of the C library's: linked into a test (or loaded before a program, see
// preload.cpp), they can fail, be cut short, end the process or do something else first, at the call that a test names.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace shoal::tests {

enum class Call { open, write, sync, close, rename, symlink, unlink, mkdir };
const char* name_of(Call call);

/// One call as it was made. Files are named by the paths that they were opened with.
struct Record {
  Call call;
  std::string path;
  std::string to;    ///< of rename and symlink: the name that is made
  std::string data;  ///< of write: the bytes that were taken
  int flags = 0;     ///< of open
  bool folder = false;
  bool done = false;  ///< it succeeded
};

/// What becomes of a call.
struct Fate {
  enum Kind { pass, fail, cut_short, die } kind = pass;
  int error = 0;  ///< errno of a failure
};

/// Rules the calls of this thread while it lives; those of other threads pass.
class SystemCalls {
 public:
  /// @param judge  asked before each call, with its number from 0 on; may do anything itself
  explicit SystemCalls(std::function<Fate(int number, Call call, const std::string& path)> judge);
  SystemCalls(const SystemCalls&) = delete;
  SystemCalls& operator=(const SystemCalls&) = delete;
  ~SystemCalls();

  const std::vector<Record>& records() const { return records_; }

 private:
  friend struct Interception;
  std::function<Fate(int, Call, const std::string&)> judge_;
  std::vector<Record> records_;
  bool judging_ = false;
  SystemCalls* before_;
};

}  // namespace shoal::tests
