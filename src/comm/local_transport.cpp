#include "comm/placement.hpp"
#include "comm/transport.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

class NoMessages final : public Messages {
  void send(int, int, std::span<const std::byte>) override {}
  void receive(int, int, std::span<std::byte>) override {}
  bool test() override { return true; }
  void wait() override {}
};

/// One process: what the others would bring is empty.
class LocalTransport final : public Transport {
 public:
  LocalTransport() : LocalTransport(thread_count(omp_num_threads(), cores_in_reach(), 1)) {}

  void barrier() override {}
  void broadcast(std::span<std::byte>, int) override {}
  void all_gather(std::span<std::byte>, std::span<const std::int64_t>) override {}
  void gather(std::span<const std::byte>, std::span<const std::span<std::byte>>, int) override {}
  std::unique_ptr<Messages> messages() override { return std::make_unique<NoMessages>(); }
  void progress() override {}
  std::unique_ptr<Transport> split(int, int) override { return std::make_unique<LocalTransport>(); }
  void abort(int) override {}

 private:
  explicit LocalTransport(int threads) : Transport({.threads = threads, .crowded = threads > cores_in_reach()}) {}
};

}  // namespace

std::unique_ptr<Transport> local_transport() { return std::make_unique<LocalTransport>(); }

}  // namespace shoal
