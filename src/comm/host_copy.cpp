#include "shoal/comm/host_copy.hpp"

#include "comm/window.hpp"
#include "shoal/comm/run_together.hpp"

namespace shoal {

std::shared_ptr<const std::byte> make_host_copy(
    const Communicator& comm, std::int64_t bytes,
    const std::function<void(std::int64_t first, std::span<std::byte> part)>& fill) {
  const auto window = std::make_shared<Window>(comm.transport(), bytes, 0);
  const Groups& groups = window->groups();
  const bool shared = groups.size() == comm.transport().place().groups.size();
  if (comm.all_min(shared ? 1 : 0) == 0) return nullptr;
  const std::int64_t member = comm.rank() - groups.begin();
  const std::int64_t first = bytes * member / groups.size();
  const std::int64_t last = bytes * (member + 1) / groups.size();
  run_together(comm, [&] { fill(first, {window->common() + first, static_cast<std::size_t>(last - first)}); });
  window->barrier();
  return {window, window->common()};
}

std::int64_t copies_on_host(const Communicator& comm) {
  const std::int64_t shared = comm.transport().place().groups.size();
  return comm.all_max((comm.ranks_on_host() + shared - 1) / shared);
}

}  // namespace shoal
