#include "train/drift.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "shoal/core/error.hpp"
#include "shoal/core/hash.hpp"
#include "shoal/infer/checkpoint_names.hpp"

namespace shoal {
namespace {

constexpr int exact_bits = 52;

template <class T>
std::uint64_t hash_of(std::span<const T> values, std::int64_t offset, std::int64_t size) {
  const auto part = values.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
  return Hash().add(std::as_bytes(part)).number();
}

/// One hash per array: parameters, then running statistics, then those of the average.
std::vector<std::uint64_t> array_hashes(const Held& held) {
  std::vector<std::uint64_t> hashes;
  for (const Parameter& p : held.graph.parameters()) hashes.push_back(hash_of(held.parameters, p.offset, p.size()));
  for (const State& s : held.graph.states()) hashes.push_back(hash_of(held.states, s.offset, s.size));
  if (held.average_states.empty()) return hashes;
  for (const State& s : held.graph.states()) hashes.push_back(hash_of(held.average_states, s.offset, s.size));
  return hashes;
}

std::string array_name(const Graph& graph, std::size_t array) {
  const std::size_t parameters = graph.parameters().size();
  const std::size_t states = graph.states().size();
  if (array < parameters) return CheckpointNames::in(CheckpointNames::parameters, graph.parameters()[array].name);
  const std::size_t state = array - parameters;
  return state < states
             ? CheckpointNames::in(CheckpointNames::statistics, graph.states()[state].name)
             : CheckpointNames::in(CheckpointNames::averaged_statistics, graph.states()[state - states].name);
}

/// Row r: the hashes of rank r. Whose differ, from which array on.
std::string describe(const std::vector<std::vector<std::uint64_t>>& rows, const Graph& graph) {
  std::size_t array = 0;
  const auto same = [&](std::size_t a) {
    return std::all_of(rows.begin(), rows.end(), [&](const auto& row) { return row[a] == rows[0][a]; });
  };
  while (array < rows[0].size() && same(array)) ++array;
  if (array == rows[0].size()) return "ranks hold the same again, but did not just before";
  std::uint64_t usual = rows[0][array];
  const auto holders = [&](std::uint64_t hash) {
    return std::count_if(rows.begin(), rows.end(), [&](const auto& row) { return row[array] == hash; });
  };
  for (const auto& row : rows) {
    if (holders(row[array]) > holders(usual)) usual = row[array];
  }
  std::vector<std::size_t> others;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (rows[r][array] != usual) others.push_back(r);
  }
  return fmt::format("of {} ranks, {} {} other numbers than the rest, first in {}", rows.size(),
                     fmt::join(others, ", "), others.size() == 1 ? "has" : "have", array_name(graph, array));
}

}  // namespace

double own_hash(const Held& held) {
  Hash hash;
  hash.add(std::as_bytes(held.parameters)).add(std::as_bytes(held.states)).add(std::as_bytes(held.average_states));
  return static_cast<double>((hash.number() >> (64 - exact_bits)) | 1U);
}

std::vector<double> hash_slots(const Held& held, const Communicator& comm) {
  std::vector<double> slots(static_cast<std::size_t>(comm.size()));
  if (comm.size() > 1) slots[static_cast<std::size_t>(comm.rank())] = own_hash(held);
  return slots;
}

bool slots_differ(std::span<const double> slots) {
  double first = 0.0;
  for (const double slot : slots) {
    if (first == 0.0) first = slot;
    if (slot != 0.0 && slot != first) return true;
  }
  return false;
}

void report_drift(const Held& held, const Communicator& comm, std::int64_t step) {
  const std::vector<std::uint64_t> mine = array_hashes(held);
  std::string text;
  const auto all = comm.gather_bytes(std::as_bytes(std::span(mine)));
  if (comm.rank() == 0) {
    std::vector<std::vector<std::uint64_t>> rows;
    for (const auto& bytes : all) {
      std::vector<std::uint64_t>& row = rows.emplace_back(mine.size());
      std::copy(bytes.begin(), bytes.end(), std::as_writable_bytes(std::span(row)).begin());
    }
    text = describe(rows, held.graph);
  }
  comm.broadcast_string(text);
  throw SharedError(ExitStatus::internal, fmt::format("drift after step {}: {}", step, text));
}

}  // namespace shoal
