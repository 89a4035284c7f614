#include "shoal/run/metrics_events.hpp"

#include <gmock/gmock.h>

#include "shoal/io/event_file.hpp"

namespace shoal {
namespace {

TEST(MetricsEvents, AreTheCurvesOfALine) {
  EXPECT_EQ(events_of(R"({"step":3,"epoch":1,"loss":0.5,"learning_rate":0.001,"samples_per_second":8,"time":2.5})"
                      "\n",
                      100.0),
            EventFile::scalar(102.5, 3, "loss", 0.5) + EventFile::scalar(102.5, 3, "learning_rate", 0.001) +
                EventFile::scalar(102.5, 3, "samples_per_second", 8.0));
  EXPECT_EQ(events_of(R"({"step":3,"epoch":1,"split":"validation","loss":0.5,"accuracy":0.25,"auc":1,"time":2.5})"
                      "\n",
                      0.0),
            EventFile::scalar(2.5, 3, "validation/loss", 0.5) + EventFile::scalar(2.5, 3, "validation/accuracy", 0.25) +
                EventFile::scalar(2.5, 3, "validation/auc", 1.0));
}

TEST(MetricsEvents, LeaveOutWhatIsNotWhole) {
  EXPECT_EQ(events_of("{\"step\":3,\"loss\":0.5,\"time\":1}", 0.0), "");         // torn: no newline
  EXPECT_EQ(events_of("{\"step\":3,\"lo\n{\"loss\":2,\"time\":1}\n", 0.0), "");  // no JSON, no step
  EXPECT_EQ(events_of("{\"step\":3,\"loss\":null,\"name\":\"a\",\"auc\":1,\"time\":1}\n", 0.0),
            EventFile::scalar(1.0, 3, "auc", 1.0));
}

TEST(MetricsEvents, PutJobsOneBehindTheOther) {
  const std::string lines =
      "{\"step\":1,\"loss\":4,\"time\":10}\n{\"step\":2,\"loss\":3,\"time\":20}\n"
      "{\"step\":3,\"loss\":2,\"time\":1}\n{\"step\":4,\"loss\":1,\"time\":5}\n";  // another job
  EXPECT_EQ(event_file_of(lines, 1025.0), EventFile::start(1000.0, 0) + EventFile::scalar(1010.0, 1, "loss", 4) +
                                              EventFile::scalar(1020.0, 2, "loss", 3) +
                                              EventFile::scalar(1021.0, 3, "loss", 2) +
                                              EventFile::scalar(1025.0, 4, "loss", 1));
  EXPECT_EQ(event_file_of("", 7.0), EventFile::start(7.0, 0));
}

}  // namespace
}  // namespace shoal
