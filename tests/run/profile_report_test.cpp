#include "run/profile_report.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace shoal {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

Profile example() {
  Profile profile;
  profile.lines = {{SpanKind::read, "coming batch", 10, 0.5, 0.0, 0},
                   {SpanKind::compute, "01_dense", 10, 0.6, 6e9, 0},
                   {SpanKind::wait, "other ranks", 20, 0.3, 0.0, 40'960},
                   {SpanKind::step, "step", 10, 0.1, 0.0, 0}};
  profile.events = {{1, 0, 0.25, 0.5}};
  return profile;
}

TEST(ProfileReport, ALinePerOperationWithItsShareOfTheStep) {
  const std::string table = profile_table(example(), 100.0, 2);
  // 1 s in 10 steps; what is read beside them is not part of it.
  EXPECT_THAT(table, HasSubstr("10 steps of 100.0000 ms on rank 0; peak of 2 threads 100.0 GFLOP/s"));
  EXPECT_THAT(table, ContainsRegex("compute +01_dense +1.0 +60.0000 +60.0% +10.0 +10.0%\n"));
  EXPECT_THAT(table, ContainsRegex("wait +other ranks +2.0 +30.0000 +30.0% +4096\n"));
  EXPECT_THAT(table, ContainsRegex("\\(between the spans\\) +1.0 +10.0000 +10.0%\n"));
  EXPECT_THAT(table, ContainsRegex("read +coming batch +1.0 +50.0000 +50.0%\n"));
  EXPECT_LT(table.find("01_dense"), table.find("other ranks"));
  EXPECT_LT(table.find("between the spans"), table.find("coming batch"));
}

TEST(ProfileReport, ALinePerProductAndPass) {
  Profile profile = example();
  profile.parts = {{"01_conv, forward", 0.2, 8e9}, {"01_conv, gradient of the weight", 0.4, 8e9}};
  const std::string table = profile_table(profile, 100.0, 2);
  EXPECT_THAT(table, ContainsRegex("01_conv, forward +20.0000 +40.0 +80.0%\n"));
  EXPECT_THAT(table, ContainsRegex("01_conv, gradient of the weight +40.0000 +20.0 +40.0%\n"));
  EXPECT_LT(table.find("gradient of the weight"), table.find("forward")) << "by time";
  EXPECT_THAT(profile_table(example(), 100.0, 2), Not(HasSubstr("products")));
}

TEST(ProfileReport, NoStepIsSaid) { EXPECT_EQ(profile_table({}, 1.0, 1), "no step was profiled\n"); }

TEST(ProfileReport, EventsAreACompleteChromeTrace) {
  std::string text = "[";
  text += trace_events(example(), 3);
  text += ']';
  const auto trace = nlohmann::json::parse(text);
  ASSERT_EQ(trace.size(), 2U);
  EXPECT_EQ(trace[0]["args"]["name"], "rank 3");
  EXPECT_EQ(trace[1]["name"], "01_dense");
  EXPECT_EQ(trace[1]["ph"], "X");
  EXPECT_EQ(trace[1]["pid"], 3);
  EXPECT_EQ(trace[1]["ts"], 250'000.0);
  EXPECT_EQ(trace[1]["dur"], 500'000.0);
}

}  // namespace
}  // namespace shoal
