#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// What a rank says of itself when it is asked.
struct Presence {
  std::int64_t step = 0;         ///< the update that it works on
  std::uint64_t collective = 0;  ///< collectives_begun()
  std::int32_t activity = 0;     ///< a number that the caller gives a meaning
  std::int32_t waits = 0;        ///< 1 inside a call that waits for other ranks

  bool operator==(const Presence&) const = default;
};

/// A way between ranks beside MPI, for a thread that watches while the main thread hangs in MPI: small datagrams (UDP
/// over IPv4) to all addresses of a rank's host. Nothing is sent until somebody asks. A lost one costs another
/// question. One thread calls it, but wake() is for all.
class RollCall {
 public:
  struct Heard {
    enum class Kind { nothing, other, answer, leave };
    Kind kind = Kind::nothing;
    int rank = 0;
    Presence presence;  ///< of an answer
  };

  /// Collective: exchanges addresses, and a key by which the datagrams of this job are known.
  explicit RollCall(const Communicator& comm);
  RollCall(const RollCall&) = delete;
  RollCall& operator=(const RollCall&) = delete;
  ~RollCall();

  /// False where no socket could be had: then nobody will ever answer.
  bool works() const noexcept { return socket_ >= 0; }
  int rank() const noexcept { return rank_; }
  int size() const noexcept { return static_cast<int>(addresses_.size()); }
  /// For messages: "rank 3 (process 812 on node7)", a rank of the whole job whatever the communicator.
  std::string name(int rank) const;

  /// Asks another rank for a sign of life.
  void ask(int rank) { send(rank, Word::question); }
  /// Tells all other ranks that this one leaves and that they must, too.
  void tell_to_leave();
  /// Waits for a datagram, at most so long, or for wake(). Answers the questions of others with `self`. What arrives
  /// waits in a buffer that holds some hundred: who asks more ranks at once must receive in between.
  Heard receive(int milliseconds, const Presence& self);
  void wake() noexcept;

 private:
  struct Address {
    std::array<std::uint32_t, 16> hosts{};  // IPv4, as the network has them
    std::uint32_t count = 0;
    std::uint16_t port = 0;  // the same
    std::int32_t process = 0;
    std::int32_t rank = 0;  // as messages name it
    std::array<char, 64> host{};
  };
  enum class Word : std::uint32_t { question, answer, leave };
  struct Datagram {
    std::uint64_t key = 0;
    Word word = Word::question;
    std::int32_t from = 0;
    std::int32_t to = 0;
    std::int32_t unused = 0;
    Presence presence;
  };

  Address open();
  void send(int to, Word word);

  int rank_;
  int socket_ = -1;
  int bell_ = -1;  // an eventfd that wake() rings
  std::uint64_t key_ = 0;
  std::vector<Address> addresses_;  // per rank
};

}  // namespace shoal
