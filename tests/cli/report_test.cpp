#include "cli/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// What report_errors printed and returned.
struct Report {
  int status;
  std::string text;
};

Report report(const std::function<int()>& body) {
  const Communicator alone;
  ::testing::internal::CaptureStderr();
  const int status = report_errors(alone, body);
  return {status, ::testing::internal::GetCapturedStderr()};
}

TEST(Report, NothingToSay) {
  const auto [status, text] = report([] { return 75; });
  EXPECT_EQ(status, 75);
  EXPECT_EQ(text, "");
}

TEST(Report, OneLineAndTheStatusOfTheError) {
  const auto [status, text] = report([]() -> int { throw Error(ExitStatus::no_input, "no file\n  called x\r\n"); });
  EXPECT_EQ(status, 66);
  EXPECT_EQ(text, "shoal: error: no file   called x\n");
}

TEST(Report, AnErrorOfAllRanks) {
  const auto [status, text] = report([]() -> int {
    const Communicator world;
    run_together(world, [] { throw Error(ExitStatus::diverged, "loss is inf"); });
    return 0;
  });
  EXPECT_EQ(status, 76);
  EXPECT_EQ(text, "shoal: error: loss is inf\n");
}

TEST(Report, OtherExceptionsAreInternal) {
  EXPECT_EQ(report([]() -> int { throw std::out_of_range("vector"); }).status, 70);
  EXPECT_EQ(report([]() -> int { throw 3; }).text, "shoal: error: unknown exception\n");
  const auto [status, text] = report([]() -> int { throw std::bad_alloc(); });
  EXPECT_EQ(status, 70);
  EXPECT_EQ(text, "shoal: error: out of memory\n");
}

TEST(Report, OneLine) {
  EXPECT_EQ(one_line(""), "");
  EXPECT_EQ(one_line("\na\n\r\nb \nc\n"), "a b c");
}

}  // namespace
}  // namespace shoal
