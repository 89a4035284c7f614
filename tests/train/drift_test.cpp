#include "train/drift.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "mpi_test.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// Numbers that every rank holds, to be spoiled on one.
class Drift : public testing::Test {
 protected:
  Drift() {
    graph_.variable("01_dense/weight", {3, 40}, zeros());
    graph_.variable("02_dense/bias", {5}, zeros());
    parameters_.assign(static_cast<std::size_t>(graph_.parameter_size()), 0.5F);
  }

  Held held() const { return {graph_, parameters_, states_, average_states_}; }

  bool differs() {
    std::vector<double> sums(static_cast<std::size_t>(test_world().size()));
    const std::vector<double> mine = hash_slots(held(), test_world());
    for (std::size_t r = 0; r < sums.size(); ++r) {
      for (const double one : test_world().all_gather(mine[r])) sums[r] += one;
    }
    return slots_differ(sums);
  }

  std::string report() {
    try {
      report_drift(held(), test_world(), 300);
    } catch (const SharedError& e) {
      EXPECT_EQ(e.status(), ExitStatus::internal);
      return e.what();
    }
  }

  Graph graph_;
  std::vector<float> parameters_;
  std::vector<double> states_ = {1.0, 2.0};
  std::vector<double> average_states_;
};

TEST_F(Drift, EqualNumbersAreEqual) { EXPECT_FALSE(differs()); }

TEST_F(Drift, NamesTheRankAndTheFirstArray) {
  const int size = test_world().size();
  if (size == 1) return;
  if (test_world().rank() == size - 1) parameters_[static_cast<std::size_t>(graph_.parameters()[1].offset)] += 1e-7F;
  EXPECT_TRUE(differs());
  const std::string expected = "drift after step 300: of " + std::to_string(size) + " ranks, " +
                               std::to_string(size - 1) +
                               " has other numbers than the rest, first in parameters/02_dense/bias";
  EXPECT_EQ(report(), expected);
}

TEST_F(Drift, RunningStatisticsCount) {
  if (test_world().rank() == 0) states_[1] = 3.0;
  EXPECT_EQ(differs(), test_world().size() > 1);
}

TEST_F(Drift, RunningStatisticsOfTheAverageCount) {
  average_states_ = states_;
  EXPECT_FALSE(differs());
  if (test_world().rank() == 0) average_states_[1] = 3.0;
  EXPECT_EQ(differs(), test_world().size() > 1);
}

TEST(DriftSlots, RanksThatWereNotHeardDoNotCount) {
  EXPECT_FALSE(slots_differ(std::vector<double>{0.0, 5.0, 5.0, 0.0}));
  EXPECT_FALSE(slots_differ(std::vector<double>{0.0, 5.0}));
  EXPECT_TRUE(slots_differ(std::vector<double>{5.0, 0.0, 7.0}));
  EXPECT_FALSE(slots_differ({}));
}

}  // namespace
}  // namespace shoal
