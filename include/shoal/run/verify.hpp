#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// `shoal verify`, as the command line gives it. Without from, to and segments: all stretches.
struct VerifyRequest {
  std::string run = {};
  std::vector<std::string> sets = {};     ///< of keys that change no bit, such as data.file where the data was moved
  std::optional<std::int64_t> from = {};  ///< stretches with updates after this one
  std::optional<std::int64_t> to = {};    ///< and until this one
  std::optional<std::int64_t> segments = {};  ///< so many, drawn anew each time
  bool all = false;                           ///< says what is done anyway; excludes those above
  bool json = false;
};

/// What training a stretch of a run again has shown: the updates between two checkpoints that were saved one after the
/// other, whether or not they were pruned since.
struct VerifiedStretch {
  enum class Verdict { same, differs, unknown };

  std::int64_t from = -1;  ///< after so many updates; -1: from what the config makes, to the first checkpoint
  std::int64_t to = 0;
  std::string recorded;  ///< digest that digests.jsonl has, or else the checkpoint
  std::string found;     ///< digest of what was trained again; empty where that did not come so far
  Verdict verdict = Verdict::same;
  std::string array;   ///< the first that differs; empty where the checkpoint was pruned, or no array does
  std::string remark;  ///< what else there is to say
};

struct Verification {
  std::string run;
  std::string chain_fault;  ///< of digests.jsonl: the first line that is wrong; empty: none
  std::vector<VerifiedStretch> stretches;
  bool has_chain = false;  ///< a digests.jsonl with a line in it

  const VerifiedStretch* first_different() const;  ///< null: none
};

/// Collective. Trains stretches of a run again, each from the checkpoint before it, with the run's own config.toml and
/// nudges.jsonl, on whatever ranks there are, and compares digests and, where the checkpoint is there, every array that
/// a bit of the parameters comes from. Writes nothing; a run under way may be verified as far as it is.
/// What is said of each stretch is the same on every rank.
/// @throws Error  no_input: no run there; usage: no such stretch, or a key that would change bits; bad_data: other data
///                than the run's; taken: it is going back to an earlier step
Verification verify_run(const VerifyRequest& request, Communicator& comm);

}  // namespace shoal
