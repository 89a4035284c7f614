#include "shoal/guard/inquiry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shoal/guard/activity.hpp"

namespace shoal {
namespace {

constexpr double longest_interval_s = 1.0;
constexpr double round_s_per_rank = 0.01;
constexpr int most_missed = 4;

std::string list(const std::vector<int>& ranks, const std::function<std::string(int)>& name) {
  std::string text;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (i > 0) text += i + 1 == ranks.size() ? " and " : ", ";
    text += name(ranks[i]);
  }
  return text;
}

}  // namespace

std::string judge_wait(int rank, const Presence& self, const std::vector<Peer>& peers, double waited_s,
                       const Patience& patience, const std::function<std::string(int)>& name) {
  std::vector<int> silent;
  std::vector<int> late;
  std::vector<int> elsewhere;
  bool patient = waited_s < patience.busy_s;
  for (int r = 0; r < static_cast<int>(peers.size()); ++r) {
    if (r == rank) continue;
    const Peer& peer = peers[static_cast<std::size_t>(r)];
    const auto doing = static_cast<Activity>(peer.presence.activity);
    if (!peer.answers) {
      const bool lost = waited_s >= patience.silent_s * (peer.heard ? 1.0 : slow_factor);
      patient = patient || !lost;
      if (lost) silent.push_back(r);
    } else if (doing == Activity::apart) {
      patient = true;
    } else if (peer.presence.waits == 0) {
      patient = patient || (doing != Activity::computing && waited_s < slow_factor * patience.busy_s);
      late.push_back(r);
    } else if (peer.presence.collective != self.collective) {
      elsewhere.push_back(r);
    }
  }
  const std::string waited = fmt::format("waited {:.0f} s at step {} for ", waited_s, self.step);
  if (!silent.empty())
    return fmt::format("{}{}, which {} not answer", waited, list(silent, name), silent.size() == 1 ? "does" : "do");
  if (patient) return "";
  const auto and_is = [&](int r) {
    const Presence& presence = peers[static_cast<std::size_t>(r)].presence;
    return fmt::format("{}, still {} at step {}", name(r), to_string(static_cast<Activity>(presence.activity)),
                       presence.step);
  };
  if (!late.empty()) return waited + list(late, and_is);
  const auto and_waits = [&](int r) {
    const Presence& presence = peers[static_cast<std::size_t>(r)].presence;
    return fmt::format("{}, which waits at step {} in its exchange {}, this rank in its {}", name(r), presence.step,
                       presence.collective, self.collective);
  };
  if (!elsewhere.empty()) return waited + list(elsewhere, and_waits);
  return waited + "messages, as all ranks do: they are all there, but MPI does not deliver";
}

Inquiry::Inquiry(int rank, int size)
    : rank_(rank), peers_(static_cast<std::size_t>(size)), missed_(static_cast<std::size_t>(size)) {}

void Inquiry::heard(int rank, const Presence& presence) {
  peers_[static_cast<std::size_t>(rank)] = {true, true, presence};
  missed_[static_cast<std::size_t>(rank)] = 0;
}

void Inquiry::begin(const Patience& patience) {
  patience_ = patience;
  next_s_ = next_round_s_ = patience.silent_s / 2.0;
  std::fill(missed_.begin(), missed_.end(), 0);
}

double Inquiry::interval_s() const { return std::min(longest_interval_s, patience_.silent_s / 8.0); }

bool Inquiry::due(double waited_s, std::vector<int>& whom) {
  whom.clear();
  if (waited_s < next_s_) return false;
  const bool round = waited_s >= next_round_s_;
  for (int r = 0; r < static_cast<int>(peers_.size()); ++r) {
    const auto at = static_cast<std::size_t>(r);
    if (r == rank_ || (!round && missed_[at] == 0)) continue;
    if (++missed_[at] == most_missed) peers_[at].answers = false;
    whom.push_back(r);
  }
  next_s_ = waited_s + interval_s();
  if (round) next_round_s_ = waited_s + std::max(interval_s(), round_s_per_rank * static_cast<double>(peers_.size()));
  return true;
}

}  // namespace shoal
