// The last rank throws alone, while the others wait for it: in a barrier, or with a second argument `window` in memory
// that they share.
//   lone_failure abort     it is caught where the communicator is at hand, which ends every rank
//   lone_failure unwind    it leaves the Session, which then must not wait for the others

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"

namespace {

bool in_window = false;

void sum(shoal::Communicator& world) {
  const shoal::LeafShare share({world.size(), 1}, world.size(), world.size(), world.rank());
  const double one = 1.0;
  double ranks = 0.0;
  world.tree_reduce(share, std::span(&one, 1), shoal::AddMerge(), std::span(&ranks, 1));
}

void fail_alone(shoal::Communicator& world) {
  if (in_window) sum(world);
  if (world.rank() == world.size() - 1) throw std::runtime_error("the disk is on fire");
  if (in_window) sum(world);
  world.barrier();
}

int report(const shoal::Communicator* world, int rank, const std::exception& e) {
  // At once: mpirun may put in its own words between two writes.
  std::cerr << "shoal: error on rank " + std::to_string(rank) + ": " + e.what() + "\n";
  if (world != nullptr) world->abort(70);
  return 70;
}

int run(int argc, char** argv, bool abort) {
  int rank = 0;
  try {
    shoal::Session session(argc, argv);
    rank = session.world().rank();
    if (!abort) {
      fail_alone(session.world());
      return 0;
    }
    try {
      fail_alone(session.world());
    } catch (const std::runtime_error& e) {
      return report(&session.world(), rank, e);
    }
    return 0;
  } catch (const shoal::Error& e) {
    std::cerr << "shoal: error: " << e.what() << std::endl;
    return static_cast<int>(e.status());
  } catch (const std::exception& e) {
    return report(nullptr, rank, e);
  }
}

}  // namespace

int main(int argc, char** argv) {
  in_window = argc > 2 && std::string(argv[2]) == "window";
  return run(argc, argv, argc > 1 && std::string(argv[1]) == "abort");
}
