#include <gtest/gtest.h>

#include <exception>
#include <iostream>
#include <string>

#include "mpi_test.hpp"
#include "shoal/comm/session.hpp"

namespace {

shoal::Communicator* world = nullptr;

/// What ranks other than 0 print: their failures.
class FailurePrinter final : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    test_ = std::string(test.test_suite_name()) + "." + test.name();
  }
  void OnTestPartResult(const testing::TestPartResult& result) override {  // GoogleTest holds its lock here
    if (!result.failed()) return;
    std::cerr << "rank " << world->rank() << ": " << test_ << ": "
              << (result.file_name() != nullptr ? result.file_name() : "") << ':' << result.line_number() << ": "
              << result.message() << std::endl;
  }

  std::string test_;
};

}  // namespace

shoal::Communicator& test_world() { return *world; }

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  shoal::Session session(argc, argv);
  world = &session.world();
  if (world->rank() != 0) {
    testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter);
  }
  // An exception that GoogleTest swallowed on one rank would leave the others waiting in a collective.
  GTEST_FLAG_SET(catch_exceptions, false);
  try {
    return static_cast<int>(world->all_max(RUN_ALL_TESTS()));  // one failed rank fails all
  } catch (const std::exception& e) {
    std::cerr << "rank " << world->rank() << " of the test threw: " << e.what() << std::endl;
    world->abort(70);
  }
}
