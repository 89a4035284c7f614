// Who is missing, and when patience ends. That a rank leaves is tested with whole jobs, in tests/faults.
#include "train/watchdog.hpp"

#include <gtest/gtest.h>

#include "train/activity.hpp"

namespace shoal {
namespace {

constexpr double timeout_s = 120.0;

Peer peer(Activity activity, bool waits = false, std::uint64_t collective = 9) {
  return {true,
          {.step = 17, .collective = collective, .activity = static_cast<std::int32_t>(activity), .waits = waits}};
}
Peer waiting(std::uint64_t collective = 9) { return peer(Activity::computing, true, collective); }

/// Of rank 0, which waits in its exchange 9 at step 17.
std::string judge(std::vector<Peer> others, double waited_s) {
  others.insert(others.begin(), Peer());
  return judge_wait(0, waiting().presence, others, waited_s, timeout_s,
                    [](int rank) { return "rank " + std::to_string(rank); });
}

TEST(Watchdog, IsPatientUntilTheTimeIsOver) {
  EXPECT_EQ(judge({{}, waiting()}, 119.9), "");
  EXPECT_EQ(judge({peer(Activity::computing)}, 119.9), "");
}

TEST(Watchdog, NamesSilentRanks) {
  EXPECT_EQ(judge({waiting(), {}}, 120.0), "waited 120 s at step 17 for rank 2, which does not answer");
  EXPECT_EQ(judge({{}, waiting(), {}, {}}, 121.0),
            "waited 121 s at step 17 for rank 1, rank 3 and rank 4, which do not answer");
}

TEST(Watchdog, SilentRanksComeBeforeLateOnes) {
  EXPECT_EQ(judge({peer(Activity::reading), {}}, 120.0), "waited 120 s at step 17 for rank 2, which does not answer");
}

TEST(Watchdog, NamesRanksThatGoOnAlone) {
  EXPECT_EQ(judge({peer(Activity::computing), waiting()}, 120.0),
            "waited 120 s at step 17 for rank 1, still computing at step 17");
}

TEST(Watchdog, IsPatientWithReadingAndSaving) {
  for (const Activity slow : {Activity::starting, Activity::reading, Activity::evaluating, Activity::saving}) {
    EXPECT_EQ(judge({peer(slow)}, 1199.0), "");
    EXPECT_EQ(judge({peer(slow)}, 1200.0),
              std::string("waited 1200 s at step 17 for rank 1, still ") + to_string(slow) + " at step 17");
  }
}

TEST(Watchdog, LeavesRanksAloneThatTrainApart) { EXPECT_EQ(judge({peer(Activity::apart), waiting()}, 1e6), ""); }

TEST(Watchdog, SaysWhereRanksWaitForEachOther) {
  EXPECT_EQ(judge({waiting(10)}, 120.0),
            "waited 120 s at step 17 for rank 1, which waits at step 17 in its exchange 10, this rank in its 9");
  EXPECT_EQ(judge({waiting()}, 120.0),
            "waited 120 s at step 17 for messages, as all ranks do: they are all there, but MPI does not deliver");
}

}  // namespace
}  // namespace shoal
