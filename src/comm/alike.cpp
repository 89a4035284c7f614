#include "shoal/comm/alike.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "shoal/core/hash.hpp"
#include "shoal/core/host_name.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_named = 4;  // ranks, hosts or texts in a message

/// The first so many, and how many there are beside.
std::string list(const std::vector<std::string>& names, const char* separator = ", ") {
  const std::size_t shown = std::min(names.size(), most_named);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), separator));
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

/// Those who hold one line.
struct Holders {
  std::string line;
  std::vector<std::string> ranks;
  std::vector<std::string> hosts;

  std::string text() const {
    return fmt::format("{} on {} {} ({})", line.empty() ? "nothing" : line, ranks.size() == 1 ? "rank" : "ranks",
                       list(ranks), list(hosts));
  }
};

/// The first line in which texts differ, with its holders. records: by rank, the name of its host and a line break
/// before its text.
std::string describe_difference(const std::vector<std::vector<std::byte>>& records) {
  std::vector<std::vector<std::string>> lines;
  std::size_t longest = 0;
  for (const auto& record : records) {
    lines.push_back(lines_of({reinterpret_cast<const char*>(record.data()), record.size()}));
    longest = std::max(longest, lines.back().size());
  }
  const auto line = [&](std::size_t rank, std::size_t number) {
    return number < lines[rank].size() ? lines[rank][number] : std::string();
  };
  std::vector<Holders> all;
  for (std::size_t number = 1; number < longest && all.size() < 2; ++number) {
    all.clear();
    for (std::size_t rank = 0; rank < lines.size(); ++rank) {
      auto holders =
          std::find_if(all.begin(), all.end(), [&](const Holders& h) { return h.line == line(rank, number); });
      if (holders == all.end()) holders = all.insert(all.end(), {line(rank, number), {}, {}});
      holders->ranks.push_back(std::to_string(rank));
      const std::string host = line(rank, 0);
      if (std::find(holders->hosts.begin(), holders->hosts.end(), host) == holders->hosts.end())
        holders->hosts.push_back(host);
    }
  }
  std::vector<std::string> texts;
  texts.reserve(all.size());
  for (const Holders& holders : all) texts.push_back(holders.text());
  return list(texts, "; ");
}

}  // namespace

void require_alike(const Communicator& comm, const std::string& what, const std::string& text, ExitStatus status,
                   const std::string& remedy) {
  if (comm.size() == 1) return;
  const std::vector<std::uint64_t> hashes = comm.all_gather(Hash().add(text).number());
  if (std::all_of(hashes.begin(), hashes.end(), [&](std::uint64_t hash) { return hash == hashes[0]; })) return;
  const std::string record = host_name() + '\n' + text;
  const auto records = comm.gather_bytes(std::as_bytes(std::span(record)));
  std::string difference = comm.rank() == 0 ? describe_difference(records) : "";
  comm.broadcast_string(difference);
  throw SharedError(status, fmt::format("{} differs between ranks: {}; {}", what, difference, remedy));
}

}  // namespace shoal
