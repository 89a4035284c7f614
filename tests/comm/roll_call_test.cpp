#include "shoal/comm/roll_call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "mpi_test.hpp"

namespace shoal {
namespace {

/// Answers and collects, on a thread of its own, as a watch does.
class Listener {
 public:
  explicit Listener(RollCall& roll) : roll_(roll), answers_(static_cast<std::size_t>(roll.size())) {
    thread_ = std::thread([this] {
      while (!ended_) {
        const RollCall::Heard heard = roll_.receive(50, {.step = 100 + roll_.rank(), .collective = 7, .waits = 1});
        const std::lock_guard lock(mutex_);
        if (heard.kind == RollCall::Heard::Kind::answer)
          answers_[static_cast<std::size_t>(heard.rank)] = heard.presence;
        if (heard.kind == RollCall::Heard::Kind::leave) told_by_ = heard.rank;
      }
    });
  }
  ~Listener() {
    ended_ = true;
    roll_.wake();
    thread_.join();
  }

  std::vector<Presence> answers() {
    const std::lock_guard lock(mutex_);
    return answers_;
  }
  int told_by() {
    const std::lock_guard lock(mutex_);
    return told_by_;
  }

 private:
  RollCall& roll_;
  std::mutex mutex_;
  std::vector<Presence> answers_;
  int told_by_ = -1;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

/// Asks again while it has not come true: a datagram may be lost.
template <class Condition, class Repeat>
bool comes_true(const Condition& condition, const Repeat& repeat) {
  for (int i = 0; i < 200 && !condition(); ++i) {
    repeat();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return condition();
}

TEST(RollCall, EveryRankAnswersEveryOther) {
  RollCall roll(test_world());
  ASSERT_TRUE(roll.works());
  Listener listener(roll);
  const auto all_there = [&] {
    const auto answers = listener.answers();
    for (int r = 0; r < roll.size(); ++r) {
      const Presence expected{.step = 100 + r, .collective = 7, .waits = 1};
      if (r != roll.rank() && answers[static_cast<std::size_t>(r)] != expected) return false;
    }
    return true;
  };
  const auto ask_all = [&] {
    for (int r = 0; r < roll.size(); ++r) {
      if (r != roll.rank()) roll.ask(r);
    }
  };
  EXPECT_TRUE(comes_true(all_there, ask_all));
  test_world().barrier();  // all answer until then
}

TEST(RollCall, TheLastRankTellsTheOthersToLeave) {
  RollCall roll(test_world());
  Listener listener(roll);
  const int last = test_world().size() - 1;
  if (roll.rank() == last) {
    roll.tell_to_leave();
  } else {
    EXPECT_TRUE(comes_true([&] { return listener.told_by() == last; }, [] {}));
  }
  test_world().barrier();
}

TEST(RollCall, AnotherJobIsNotHeard) {
  RollCall first(test_world());
  RollCall second(test_world());
  Listener listener(first);
  second.tell_to_leave();
  test_world().barrier();
  EXPECT_EQ(listener.told_by(), -1);
  test_world().barrier();
}

TEST(RollCall, NamesRanksByProcessAndHost) {
  const RollCall roll(test_world());
  EXPECT_THAT(roll.name(0), testing::MatchesRegex("rank 0 \\(process [0-9]+ on .+\\)"));
}

}  // namespace
}  // namespace shoal
