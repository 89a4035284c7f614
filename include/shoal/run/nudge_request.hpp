#pragma once

// How a nudge reaches a run: files alone, so that it works between hosts on one file system.
//
//   RUN/requests/<unique>.json    written by `shoal nudge`, removed by whoever claims it: that again, or the run
//   RUN/requests/<unique>.reply   written by the run, removed by `shoal nudge`
//
// A request names the owner of the run that it was written for. Another one, started later, ignores it: nobody waits
// for an answer any more.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/core/error.hpp"

namespace shoal {

/// What a run is asked for: to take a nudge, or to save and end, as by a signal, or to save and wait, or to train on.
enum class RunWish { nudge, stop, pause, go_on };

struct NudgeRequestFile {
  std::string owner;
  std::vector<std::string> settings;  ///< KEY=VALUE
  std::optional<std::int64_t> at_step;
  RunWish wish = RunWish::nudge;
};
std::string to_json(const NudgeRequestFile& request);
/// @throws Error(bad_data)
NudgeRequestFile parse_nudge_request(const std::string& text);

struct NudgeReply {
  ExitStatus status = ExitStatus::done;
  std::string text;                     ///< lines as in nudges.jsonl; of a refusal, why
  std::vector<std::string> notes = {};  ///< what the nudges do not do, or bring about beside what they say
};
std::string to_json(const NudgeReply& reply);
/// @throws Error(bad_data)
NudgeReply parse_nudge_reply(const std::string& text);

}  // namespace shoal
