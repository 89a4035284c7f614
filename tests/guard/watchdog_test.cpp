// Who is missing, and when patience ends. That a rank leaves is tested with whole jobs, in tests/faults.
#include "shoal/guard/watchdog.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "shoal/guard/activity.hpp"
#include "shoal/guard/inquiry.hpp"

namespace shoal {
namespace {

constexpr Patience usual{.silent_s = 120.0, .busy_s = 120.0};
constexpr Patience told_to_end{.silent_s = 5.0, .busy_s = 120.0};

const Peer stranger;
const Peer silent{.heard = true, .answers = false, .presence = {}};

Peer peer(Activity activity, bool waits = false, std::uint64_t collective = 9) {
  return {true,
          true,
          {.step = 17, .collective = collective, .activity = static_cast<std::int32_t>(activity), .waits = waits}};
}
Peer waiting(std::uint64_t collective = 9) { return peer(Activity::computing, true, collective); }

/// Of rank 0, which waits in its exchange 9 at step 17.
std::string judge(std::vector<Peer> others, double waited_s, const Patience& patience = usual) {
  others.insert(others.begin(), Peer());
  return judge_wait(0, waiting().presence, others, waited_s, patience,
                    [](int rank) { return "rank " + std::to_string(rank); });
}

TEST(Watchdog, IsPatientUntilTheTimeIsOver) {
  EXPECT_EQ(judge({silent, waiting()}, 119.9), "");
  EXPECT_EQ(judge({peer(Activity::computing)}, 119.9), "");
}

TEST(Watchdog, NamesSilentRanks) {
  EXPECT_EQ(judge({waiting(), silent}, 120.0), "waited 120 s at step 17 for rank 2, which does not answer");
  EXPECT_EQ(judge({silent, waiting(), silent, silent}, 121.0),
            "waited 121 s at step 17 for rank 1, rank 3 and rank 4, which do not answer");
}

TEST(Watchdog, SilentRanksComeBeforeLateOnes) {
  EXPECT_EQ(judge({peer(Activity::reading), silent}, 120.0),
            "waited 120 s at step 17 for rank 2, which does not answer");
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

TEST(Watchdog, IsPatientWithRanksThatWereNeverHeard) {
  EXPECT_EQ(judge({stranger, waiting()}, 1199.0), "");
  EXPECT_EQ(judge({stranger, waiting()}, 1200.0), "waited 1200 s at step 17 for rank 1, which does not answer");
  EXPECT_EQ(judge({stranger, silent}, 120.0), "waited 120 s at step 17 for rank 2, which does not answer");
}

TEST(Watchdog, DoesNotWaitForTheSilentWhenItWasToldToEnd) {
  EXPECT_EQ(judge({silent}, 4.9, told_to_end), "");
  EXPECT_EQ(judge({silent, waiting()}, 5.0, told_to_end), "waited 5 s at step 17 for rank 1, which does not answer");
  EXPECT_EQ(judge({stranger}, 49.0, told_to_end), "");
  EXPECT_EQ(judge({stranger}, 50.0, told_to_end), "waited 50 s at step 17 for rank 1, which does not answer");
  for (const Activity any : {Activity::computing, Activity::evaluating, Activity::saving, Activity::apart})
    EXPECT_EQ(judge({peer(any), waiting(10)}, 119.0, told_to_end), "");
}

TEST(Watchdog, SaysWhereRanksWaitForEachOther) {
  EXPECT_EQ(judge({waiting(10)}, 120.0),
            "waited 120 s at step 17 for rank 1, which waits at step 17 in its exchange 10, this rank in its 9");
  EXPECT_EQ(judge({waiting()}, 120.0),
            "waited 120 s at step 17 for messages, as all ranks do: they are all there, but MPI does not deliver");
}

/// When, in a job of `size` ranks, one that is lost is known as such, and how many questions were asked until then.
std::pair<double, std::size_t> time_to_find_lost(int size, int lost, const Patience& patience) {
  Inquiry inquiry(0, size);
  for (int r = 1; r < size; ++r) inquiry.heard(r, waiting().presence);
  inquiry.begin(patience);
  std::vector<int> whom;
  std::size_t asked = 0;
  for (double waited_s = 0.0; waited_s < 1000.0; waited_s += 0.2) {
    if (!inquiry.due(waited_s, whom)) continue;
    if (!judge_wait(0, waiting().presence, inquiry.peers(), waited_s, patience, [](int) { return "it"; }).empty())
      return {waited_s, asked};
    asked += whom.size();
    for (const int r : whom) {
      if (r != lost) inquiry.heard(r, waiting().presence);
    }
  }
  return {1e6, asked};
}

TEST(Watchdog, FindsALostRankInTimeInAJobOfAnySize) {
  for (const int size : {2, 16, 1000, 10000}) {
    const auto [found_s, asked] = time_to_find_lost(size, size - 1, told_to_end);
    EXPECT_LE(found_s, 6.0) << size;
    EXPECT_GE(found_s, 5.0) << size;
    if (size < 1000) continue;
    EXPECT_LE(asked, 2U * static_cast<std::size_t>(size)) << "one round, and the lost one again";
  }
}

TEST(Watchdog, ALostQuestionIsAskedAgain) {
  Inquiry inquiry(0, 3);
  for (int r = 1; r < 3; ++r) inquiry.heard(r, waiting().presence);
  inquiry.begin(told_to_end);
  std::vector<int> whom;
  EXPECT_FALSE(inquiry.due(2.4, whom));
  for (double waited_s = 2.5; waited_s < 4.0; waited_s += 0.625) {
    ASSERT_TRUE(inquiry.due(waited_s, whom));
    EXPECT_TRUE(inquiry.peers()[2].answers);
  }
  inquiry.heard(2, waiting().presence);
  ASSERT_TRUE(inquiry.due(5.0, whom));
  EXPECT_FALSE(inquiry.peers()[1].answers);
  EXPECT_TRUE(inquiry.peers()[2].answers);
}

}  // namespace
}  // namespace shoal
