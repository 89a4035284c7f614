#include "shoal/run/digest_chain.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "shoal/core/hash.hpp"
#include "shoal/core/json.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

std::string hash_of(const std::string& line) { return Hash().add(line).hex(); }

std::string hash_of_last(const std::vector<std::string>& lines) { return lines.empty() ? "" : hash_of(lines.back()); }

/// Nothing for a line that is no record. before: the hash that it says the line in front has.
std::optional<DigestRecord> read_digest(const std::string& line, std::string& before) try {
  const Json object = Json::parse(line);
  DigestRecord record{object.at("step").integer(), object.at("digest").string()};
  before = object.at("before").string();
  if (record.step < 0) return std::nullopt;
  return record;
} catch (const JsonError&) {
  return std::nullopt;
}

}  // namespace

DigestChain DigestChain::parse(const std::string& text, const std::string& name) {
  DigestChain chain;
  const auto note_fault = [&](const std::string& what) {
    if (chain.fault_.empty()) chain.fault_ = fmt::format("{}:{}: {}", name, chain.lines_.size() + 1, what);
  };
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // torn
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    std::string before;
    const std::optional<DigestRecord> record = read_digest(line, before);
    if (!record) {
      note_fault("not the digest of a checkpoint");
    } else if (const std::string last = hash_of_last(chain.lines_); before != last) {
      note_fault(
          fmt::format("does not follow from the line before: it says that this has the hash \"{}\", which has "
                      "\"{}\"; a line was changed, removed or added",
                      before, last));
    } else if (!chain.takes(*record)) {
      note_fault(fmt::format("step {} is not after step {}", record->step, chain.records_.back().step));
    }
    chain.lines_.push_back(line);
    if (record) chain.records_.push_back(*record);
  }
  return chain;
}

DigestChain DigestChain::of_run(const std::string& run) {
  const std::string path = RunPaths{run}.digests();
  std::error_code none;
  return std::filesystem::exists(path, none) ? parse(read_text(path), path) : DigestChain();
}

std::string DigestChain::add(const DigestRecord& record) {
  const Json line = Json::object({{"step", record.step}, {"digest", record.digest}, {"before", hash_of_last(lines_)}});
  lines_.push_back(line.text());
  records_.push_back(record);
  return lines_.back() + '\n';
}

std::string DigestChain::text() const {
  std::string all;
  for (const std::string& line : lines_) all += line + '\n';
  return all;
}

DigestChain DigestChain::up_to(std::int64_t step) const {
  DigestChain kept;
  for (const std::string& line : lines_) {
    std::string before;
    const std::optional<DigestRecord> record = read_digest(line, before);
    if (record && record->step > step) break;
    kept.lines_.push_back(line);
    if (record) kept.records_.push_back(*record);
  }
  kept.fault_ = fault_;
  return kept;
}

DigestLog::DigestLog(const std::string& run) : chain_(DigestChain::of_run(run)), file_(RunPaths{run}.digests()) {}

void DigestLog::note(const DigestRecord& record) {
  if (chain_.takes(record)) pending_ += chain_.add(record);
  if (pending_.empty()) return;
  file_.append(pending_);
  pending_.clear();
  file_.sync();
}

}  // namespace shoal
