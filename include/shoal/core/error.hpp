#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace shoal {

/// How a command ends, after sysexits.h where it has a number for the case.
enum class ExitStatus : int {
  done = 0,
  usage = 64,         ///< wrong option or config
  bad_data = 65,      ///< a data set or checkpoint that cannot be used
  no_input = 66,      ///< no such file
  internal = 70,      ///< a broken promise inside shoal
  taken = 73,         ///< the run directory is in use, or holds a run already
  input_output = 74,  ///< disk full, unwritable, no thread to be had
  stopped = 75,       ///< stopped by a signal or max_seconds after a checkpoint; start again with --resume auto
  diverged = 76,      ///< the loss is not finite
  lost = 77,          ///< a rank was lost or hangs
  unfit = 78,         ///< shoal doctor found something that would hurt
};

/// A mistake of the user or of the outside world. The message says what is wrong, the value seen, and what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitStatus status, const std::string& message) : std::runtime_error(message), status_(status) {}
  ExitStatus status() const noexcept { return status_; }

 private:
  ExitStatus status_;
};

/// An Error that every rank throws together, so that all can end in good order and rank 0 alone prints it.
class SharedError : public Error {
 public:
  using Error::Error;
};

/// "1 rank", "2 ranks"; plural: where it is not the noun with an s.
std::string counted(std::int64_t n, const std::string& noun, const std::string& plural = "");

/// The candidate nearest to `word` by edit distance, for "did you mean"; empty when none is near. Capitals are no edit.
std::string nearest_word(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace shoal
