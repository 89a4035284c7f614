#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/io/file.hpp"

namespace shoal {

/// A checkpoint that was saved, whether or not it was pruned since.
struct DigestRecord {
  std::int64_t step = 0;
  std::string digest;

  bool operator==(const DigestRecord&) const = default;
};

/// The lines of digests.jsonl, each of which holds the hash of the line before:
///   {"step":120,"digest":"4162057352da3a6c2375a144f36b1c2c","before":"9d0b..."}
/// "before" is XXH3-128 of that line without its newline, empty in the first. Who changes, removes or adds a line has
/// to write all later ones anew.
class DigestChain {
 public:
  /// A torn last line is left out. Whatever else is wrong shows in fault().
  /// @param name  of the file, for messages
  static DigestChain parse(const std::string& text, const std::string& name);
  /// Of a run directory; empty where there is no digests.jsonl.
  static DigestChain of_run(const std::string& run);

  const std::vector<DigestRecord>& records() const { return records_; }  ///< of the lines that are some
  /// The first line that is none, or does not follow from the one before; empty: the chain is whole.
  const std::string& fault() const { return fault_; }
  /// Steps ascend. A step that was saved once more, with other bits, has two lines, of which the later one counts; what
  /// is equal to the last line, or before it, is in the file already.
  bool takes(const DigestRecord& record) const {
    return records_.empty() || record.step > records_.back().step ||
           (record.step == records_.back().step && record.digest != records_.back().digest);
  }
  /// Returns the new line, with its newline.
  std::string add(const DigestRecord& record);
  /// All lines as they were read, those that are wrong as well: a break stays where it is.
  std::string text() const;
  /// The lines in front of the first that is after `step`.
  DigestChain up_to(std::int64_t step) const;

 private:
  std::vector<std::string> lines_;  // without newlines
  std::vector<DigestRecord> records_;
  std::string fault_;
};

/// Adds to the digests.jsonl of a run under way: behind a checkpoint's rename, in front of the pruning of older ones. A
/// process that ends in between leaves its newest checkpoint without a line, which it gets when the run goes on from
/// it. The file is open from the start, so that an owner who was taken over without knowing appends to a file that the
/// next one has replaced.
class DigestLog {
 public:
  /// Makes the file, if it is not there. @throws Error(input_output)
  explicit DigestLog(const std::string& run);
  /// On disk when it returns, with those that could not be written before. @throws Error(input_output)
  void note(const DigestRecord& record);

 private:
  DigestChain chain_;
  std::string pending_;
  AppendFile file_;
};

}  // namespace shoal
