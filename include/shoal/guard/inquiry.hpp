#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "shoal/comm/roll_call.hpp"

namespace shoal {

/// What a rank that waits knows of another.
struct Peer {
  bool heard = false;    ///< ever; else datagrams may not get through
  bool answers = false;  ///< to the last few questions
  Presence presence;     ///< its last answer
};

/// How long a rank waits for another.
struct Patience {
  double silent_s = 0.0;  ///< that does not answer
  double busy_s = 0.0;    ///< that does, and computes or waits itself
};

/// So many times as long as others have ranks that read, evaluate or save, and those that were never heard.
inline constexpr double slow_factor = 10.0;

/// Whether a rank has waited too long for the others, and then for whom and why; "" while it has not. Those that train
/// apart are left alone as long as they answer.
/// @param peers  by rank; that of `rank` itself is not looked at
std::string judge_wait(int rank, const Presence& self, const std::vector<Peer>& peers, double waited_s,
                       const Patience& patience, const std::function<std::string(int)>& name);

/// Whom a rank that waits asks for signs of life, and when. All are asked in rounds that are the longer apart the more
/// there are, for each is asked by all; who owes an answer is asked again soon, however many there are, so that a rank
/// that is lost is known as such when the patience ends.
class Inquiry {
 public:
  Inquiry(int rank, int size);

  const std::vector<Peer>& peers() const { return peers_; }
  void heard(int rank, const Presence& presence);
  /// Forgets the questions of the wait before. The first round is due when half of the patience has passed.
  void begin(const Patience& patience);
  /// Whether it is time to judge and to ask, and then whom. Who has not answered four questions does not answer.
  bool due(double waited_s, std::vector<int>& whom);
  /// Between two questions to one that owes an answer.
  double interval_s() const;

 private:
  int rank_;
  std::vector<Peer> peers_;  // by rank
  std::vector<int> missed_;  // questions since the last answer
  Patience patience_;
  double next_s_ = 0.0;
  double next_round_s_ = 0.0;
};

}  // namespace shoal
