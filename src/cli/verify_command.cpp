#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/json.hpp"
#include "shoal/run/verify.hpp"

namespace shoal {
namespace {

using Verdict = VerifiedStretch::Verdict;

std::string start_of(const VerifiedStretch& stretch) {
  return stretch.from < 0 ? "start" : std::to_string(stretch.from);
}

std::string word_for(const VerifiedStretch& stretch) {
  return stretch.verdict == Verdict::same ? "same" : stretch.verdict == Verdict::differs ? "differs" : "unknown";
}

std::string verification_table(const Verification& verification) {
  std::vector<std::vector<std::string>> rows = {{"from", "to", "digest", "again", "first array", "remark"}};
  for (const VerifiedStretch& s : verification.stretches)
    rows.push_back({start_of(s), std::to_string(s.to), s.recorded, word_for(s), s.array, s.remark});
  return align(rows);
}

std::optional<std::string> if_any(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

Json json_of(const VerifiedStretch& s) {
  Json stretch = Json::object();
  stretch.set("from", s.from < 0 ? std::nullopt : std::optional(s.from));
  stretch.set("to", s.to);
  stretch.set("recorded", if_any(s.recorded));
  stretch.set("found", if_any(s.found));
  stretch.set("verdict", word_for(s));
  stretch.set("array", if_any(s.array));
  stretch.set("remark", if_any(s.remark));
  return stretch;
}

/// @param same  nothing where a stretch could not be verified
std::string verification_json(const Verification& verification, std::optional<bool> same) {
  Json stretches = Json::array();
  for (const VerifiedStretch& s : verification.stretches) stretches.push(json_of(s));
  Json all = Json::object();
  all.set("run", verification.run);
  all.set("same", same);
  all.set("chain", !verification.chain_fault.empty() ? verification.chain_fault
                   : verification.has_chain          ? "whole"
                                                     : "none");
  all.set("stretches", stretches);
  return all.text(2) + '\n';
}

/// The first stretch that could not be trained again; null: none.
const VerifiedStretch* first_unknown(const Verification& verification) {
  const auto found = std::find_if(verification.stretches.begin(), verification.stretches.end(),
                                  [](const VerifiedStretch& s) { return s.verdict == Verdict::unknown; });
  return found == verification.stretches.end() ? nullptr : &*found;
}

/// One line on the first stretch that differs, else on the chain.
std::string fault_of(const Verification& verification) {
  const VerifiedStretch* first = verification.first_different();
  if (first == nullptr) return verification.chain_fault;
  std::string line = fmt::format("{} differs when it is trained again from {} to step {}", verification.run,
                                 first->from < 0 ? "its start" : fmt::format("step {}", first->from), first->to);
  if (!first->array.empty()) line += ", first in " + first->array;
  if (!first->remark.empty()) line += ": " + first->remark;
  return line + (verification.chain_fault.empty() ? "" : "; also, " + verification.chain_fault);
}

}  // namespace

ExitStatus execute(const VerifyRequest& request, Communicator& world) {
  const Verification verification = verify_run(request, world);
  const std::string fault = fault_of(verification);
  const VerifiedStretch* const unknown = first_unknown(verification);
  const std::optional<bool> same = !fault.empty() ? std::optional(false) : unknown ? std::nullopt : std::optional(true);
  if (world.rank() == 0) print(request.json ? verification_json(verification, same) : verification_table(verification));
  if (same == true) return ExitStatus::done;
  run_together(world, flush_output);
  if (!fault.empty()) throw SharedError(ExitStatus::bad_data, fault);
  const auto count = std::count_if(verification.stretches.begin(), verification.stretches.end(),
                                   [](const VerifiedStretch& s) { return s.verdict == Verdict::unknown; });
  throw SharedError(ExitStatus::no_input,
                    fmt::format("{} of {} stretches of {} could not be verified, first that to step {}: {}", count,
                                verification.stretches.size(), verification.run, unknown->to, unknown->remark));
}

}  // namespace shoal
