#include "shoal/run/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "shoal/core/error.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

using std::chrono::milliseconds;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

class Metrics : public ::testing::Test {
 protected:
  MetricsWriter::Clock clock() {
    return [this] { return now_; };
  }
  std::string text() const { return tests::read(path_); }

  tests::TemporaryFolder folder_;
  std::string path_ = folder_ / "metrics.jsonl";
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
};

TEST_F(Metrics, AStepIsOneLineWithItsKeysInOrder) {
  EXPECT_EQ(to_json_line(StepRecord{12, 2, 0.12345678912345, 0.001, 41234.5, 7.25}),
            "{\"step\":12,\"epoch\":2,\"loss\":0.123456789,\"learning_rate\":0.001,\"samples_per_second\":41234.5,"
            "\"time\":7.25}\n");
  EXPECT_EQ(
      to_json_line(StepRecord{1, 1, 1e-12, 3e-7, 1e6, 0.00049}),
      "{\"step\":1,\"epoch\":1,\"loss\":1e-12,\"learning_rate\":3e-07,\"samples_per_second\":1000000,\"time\":0}\n");
}

TEST_F(Metrics, AnEvaluationHasAnAccuracyOnlyWithClasses) {
  EXPECT_EQ(to_json_line(EvaluationRecord{12, 2, "validation", 0.5, 0.975, 8}),
            "{\"step\":12,\"epoch\":2,\"split\":\"validation\",\"loss\":0.5,\"accuracy\":0.975,\"time\":8}\n");
  EXPECT_EQ(to_json_line(EvaluationRecord{12, 2, "a\"b", 0.5, std::nullopt, 0.1}),
            "{\"step\":12,\"epoch\":2,\"split\":\"a\\\"b\",\"loss\":0.5,\"time\":0.1}\n");
}

TEST_F(Metrics, WhatDecidesStandsBesideLossAndAccuracy) {
  EXPECT_EQ(
      to_json_line(EvaluationRecord{12, 2, "validation", 0.5, 0.975, 8, "auc", 0.25}),
      "{\"step\":12,\"epoch\":2,\"split\":\"validation\",\"loss\":0.5,\"accuracy\":0.975,\"auc\":0.25,\"time\":8}\n");
}

TEST_F(Metrics, WhatIsNoNumberIsLeftOut) {
  EXPECT_EQ(to_json_line(StepRecord{1, 1, nan, 0.1, infinity, nan}),
            "{\"step\":1,\"epoch\":1,\"learning_rate\":0.1}\n");
  EXPECT_EQ(to_json_line(EvaluationRecord{1, 1, "test", -infinity, nan, infinity}),
            "{\"step\":1,\"epoch\":1,\"split\":\"test\"}\n");
}

TEST_F(Metrics, ALineReadsBack) {
  const StepRecord step{12, 2, 0.125, 0.001, 41234.5, 7.25};
  const auto read = parse_metrics_line(to_json_line(step));
  ASSERT_TRUE(read && std::holds_alternative<StepRecord>(*read));
  EXPECT_EQ(to_json_line(std::get<StepRecord>(*read)), to_json_line(step));
  const EvaluationRecord evaluation{12, 2, "validation", 0.5, 0.975, 8, "auc", 0.25};
  const auto judged = parse_metrics_line(to_json_line(evaluation));
  ASSERT_TRUE(judged && std::holds_alternative<EvaluationRecord>(*judged));
  EXPECT_EQ(to_json_line(std::get<EvaluationRecord>(*judged)), to_json_line(evaluation));
}

TEST_F(Metrics, WhatALineLacksIsNoNumberAndATornOneIsNone) {
  const auto read = parse_metrics_line(to_json_line(StepRecord{1, 1, nan, 0.1, infinity, 0}));
  ASSERT_TRUE(read && std::holds_alternative<StepRecord>(*read));
  EXPECT_TRUE(std::isnan(std::get<StepRecord>(*read).loss));
  EXPECT_EQ(std::get<StepRecord>(*read).learning_rate, 0.1);
  for (const char* line : {"", "{\"step\":1,\"epo", "[1]", "{\"step\":\"a\",\"epoch\":1}", "{\"epoch\":1}"})
    EXPECT_FALSE(parse_metrics_line(line)) << line;
}

TEST_F(Metrics, LinesGoOutInBatchesAndWithinASecond) {
  MetricsWriter writer(path_, clock());
  const StepRecord record{1, 1, 1, 1, 1, 1};
  const std::size_t size = to_json_line(record).size();
  for (int i = 1; i <= 8; ++i) {
    now_ += milliseconds(100);
    writer.record(record);
    EXPECT_EQ(text().size(), 0U) << i;
  }
  now_ += milliseconds(100);
  writer.record(record);  // the next one comes a second after the first moment
  EXPECT_EQ(text().size(), 9 * size);
  now_ += milliseconds(600);
  writer.record(record);  // at this pace the next one would come too late
  EXPECT_EQ(text().size(), 10 * size);
}

TEST_F(Metrics, EvaluationsAndTheEndGoOutAtOnce) {
  {
    MetricsWriter writer(path_, clock());
    writer.record(StepRecord{1, 1, 1, 1, 1, 1});
    EXPECT_EQ(text(), "");
    writer.record(EvaluationRecord{1, 1, "test", 1, std::nullopt, 1});
    EXPECT_TRUE(text().ends_with("\"split\":\"test\",\"loss\":1,\"time\":1}\n"));
    writer.record(StepRecord{2, 1, 1, 1, 1, 1});
    writer.flush();
    EXPECT_NE(text().find("\"step\":2"), std::string::npos);
    writer.record(StepRecord{3, 1, 1, 1, 1, 1});
    EXPECT_EQ(text().find("\"step\":3"), std::string::npos);
  }
  EXPECT_NE(text().find("\"step\":3"), std::string::npos);
  MetricsWriter(path_, clock()).record(StepRecord{4, 1, 1, 1, 1, 1});
  EXPECT_EQ(text().find("\"step\":1"), 1U);  // appends
  EXPECT_NE(text().find("\"step\":4"), std::string::npos);
}

TEST_F(Metrics, AFullDiskIsAnError) {
  MetricsWriter writer("/dev/full", clock());
  writer.record(StepRecord{1, 1, 1, 1, 1, 1});
  try {
    writer.flush();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ExitStatus::input_output);
    EXPECT_NE(std::string(error.what()).find("/dev/full"), std::string::npos);
  }
}

TEST_F(Metrics, AResumedRunKeepsWholeLinesUpToTheCheckpoint) {
  const std::string kept = to_json_line(StepRecord{1, 1, 1, 1, 1, 1}) + to_json_line(StepRecord{2, 1, 1, 1, 1, 1}) +
                           to_json_line(EvaluationRecord{2, 1, "test", 1, 0.5, 1});
  const std::string torn = to_json_line(StepRecord{3, 2, 1, 1, 1, 1}) + "{\"step\":4,\"epo";
  EXPECT_EQ(MetricsWriter::lines_until(2, kept + torn), kept);
  EXPECT_EQ(MetricsWriter::lines_until(2, kept + "{\"step\":2}"), kept);  // whole as JSON, but without its newline
  const std::string deep = "{\"step\":1,\"x\":" + std::string(100, '[') + std::string(100, ']') + "}\n";
  const std::string odd = "{\"step\":1,\"ep\n" + kept + "[2]\n{\"stop\":1}\n{\"step\":\"1\"}\n" + deep;
  EXPECT_EQ(MetricsWriter::lines_until(9, odd), kept);
  EXPECT_EQ(MetricsWriter::lines_until(0, kept), "");
  EXPECT_EQ(MetricsWriter::lines_until(2, ""), "");
}

}  // namespace
}  // namespace shoal
