#include "shoal/comm/run_together.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <stdexcept>

#include "mpi_test.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

struct End {
  bool threw = false;
  int status = 0;
  std::string message;
};

End end_of(const std::function<void()>& step) {
  try {
    run_together(test_world(), step);
  } catch (const SharedError& e) {
    return {true, static_cast<int>(e.status()), e.what()};
  }
  return {};
}

/// Every rank ended with this, and so they agree.
void expect_end(const End& end, ExitStatus status, const std::string& message) {
  EXPECT_TRUE(end.threw);
  EXPECT_EQ(end.status, static_cast<int>(status));
  EXPECT_EQ(end.message, message);
  EXPECT_TRUE(all_equal(end.message + std::to_string(end.status)));
}

TEST(RunTogether, RunsOnceOnEveryRank) {
  int runs = 0;
  EXPECT_FALSE(end_of([&] { ++runs; }).threw);
  EXPECT_EQ(runs, 1);
}

TEST(RunTogether, TheLowestFailingRankSpeaks) {
  const int size = test_world().size();
  const int rank = test_world().rank();
  for (int lowest = 0; lowest < size; ++lowest) {
    const End end = end_of([&] {
      if (rank >= lowest) throw Error(ExitStatus::bad_data, "row " + std::to_string(rank) + " is bad");
    });
    expect_end(end, ExitStatus::bad_data, "row " + std::to_string(lowest) + " is bad");
  }
}

TEST(RunTogether, OneFailureIsEverybodys) {
  const int size = test_world().size();
  for (int failing = 0; failing < size; ++failing) {
    const End end = end_of([&] {
      if (test_world().rank() == failing) throw Error(ExitStatus::no_input, "no file on " + std::to_string(failing));
    });
    expect_end(end, ExitStatus::no_input, "no file on " + std::to_string(failing));
  }
}

TEST(RunTogether, MessagesCanBeLong) {
  const std::string message(300000, 'm');
  expect_end(end_of([&] { throw Error(ExitStatus::usage, message); }), ExitStatus::usage, message);
  expect_end(end_of([&] { throw Error(ExitStatus::usage, ""); }), ExitStatus::usage, "");
}

TEST(RunTogether, ForeignExceptionsAreInternalErrors) {
  const int size = test_world().size();
  const bool last = test_world().rank() == size - 1;
  const std::string who = size == 1 ? "" : "rank " + std::to_string(size - 1) + ": ";
  expect_end(end_of([&] {
               if (last) throw std::bad_alloc();
             }),
             ExitStatus::internal, who + "out of memory");
  expect_end(end_of([&] {
               if (last) throw std::out_of_range("vector::at");
             }),
             ExitStatus::internal, who + "vector::at");
  expect_end(end_of([&] {
               if (last) throw 5;
             }),
             ExitStatus::internal, who + "unknown exception");
}

TEST(RunTogether, RanksGoOnTogetherAfterwards) {
  end_of([] { throw Error(ExitStatus::usage, "x"); });
  EXPECT_EQ(test_world().all_max(test_world().rank()), test_world().size() - 1);
}

TEST(RunTogether, OneProcessThrowsTheSame) {
  const Communicator alone;
  EXPECT_THROW(run_together(alone, [] { throw Error(ExitStatus::taken, "taken"); }), SharedError);
}

}  // namespace
}  // namespace shoal
