#include "comm/placement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <filesystem>

#include "temporary_folder.hpp"

namespace shoal {
namespace {

using testing::ElementsAre;

TEST(ThreadCount, DividesCoresByTheRanksThatShareThem) {
  EXPECT_EQ(thread_count(nullptr, 8, 1), 8);
  EXPECT_EQ(thread_count(nullptr, 8, 2), 4);
  EXPECT_EQ(thread_count(nullptr, 8, 3), 2);
  EXPECT_EQ(thread_count(nullptr, 2, 4), 1);
}

TEST(ThreadCount, FollowsOmpNumThreads) {
  EXPECT_EQ(thread_count("3", 8, 2), 3);
  EXPECT_EQ(thread_count(" 12 ", 8, 2), 12);
  EXPECT_EQ(thread_count("5,2", 8, 2), 5);
}

TEST(ThreadCount, IgnoresAnOmpNumThreadsThatIsNoCount) {
  for (const char* text : {"", "0", "-2", "four", "4x", "99999999999", ","})
    EXPECT_EQ(thread_count(text, 8, 2), 4) << text;
}

TEST(UsableCores, CountsTheAffinityMask) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(usable_cores(), CPU_COUNT(&before));
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(usable_cores(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(Processors, AreReadFromAMask) {
  const std::vector<unsigned char> mask{0b101, 0, 0b10000000};
  EXPECT_THAT(processors_of(mask), ElementsAre(0, 2, 23));
}

TEST(Processors, AreShared) {
  const std::vector<int> five{0, 2, 4, 6, 9};
  EXPECT_THAT(share_of_processors(five, 2, 0), ElementsAre(0, 2));
  EXPECT_THAT(share_of_processors(five, 2, 1), ElementsAre(4, 6, 9));
  EXPECT_THAT(share_of_processors(five, 1, 0), ElementsAre(0, 2, 4, 6, 9));
  EXPECT_EQ(share_of_processors(five, 7, 0).size(), 0U);
}

TEST(Processors, KeepTheirNumberWhenSortedByCore) {
  std::vector<int> here = processors_of(affinity_mask());
  std::vector<int> sorted = by_core(here);
  EXPECT_THAT(sorted, testing::UnorderedElementsAreArray(here));
  EXPECT_THAT(by_core({1000001, 1000000}), ElementsAre(1000001, 1000000)) << "processors that are not there";
}

TEST(Processors, OfANumaNodeStandSideBySide) {
  const tests::TemporaryFolder system;
  const auto folder = [&](const std::string& path) {
    std::filesystem::create_directories(system / path);
    return system / path;
  };
  for (int cpu = 0; cpu < 8; ++cpu) {  // one package whose nodes have every other core, of two threads each
    const std::string topology = folder("cpu/cpu" + std::to_string(cpu) + "/topology");
    tests::write(topology + "/physical_package_id", "0\n");
    tests::write(topology + "/core_id", std::to_string(cpu % 4) + "\n");
  }
  tests::write(folder("node") + "/online", "0-1\n");
  tests::write(folder("node/node0") + "/cpulist", "0,2,4,6\n");
  tests::write(folder("node/node1") + "/cpulist", "1,3,5,7\n");
  EXPECT_THAT(by_core({0, 1, 2, 3, 4, 5, 6, 7}, system / ""), ElementsAre(0, 4, 2, 6, 1, 5, 3, 7));
}

TEST(Processors, AThreadStaysOnThoseNamed) {
  const std::vector<int> before = processors_of(affinity_mask());
  stay_on(std::span(before).last(1));
  EXPECT_THAT(processors_of(affinity_mask()), ElementsAre(before.back()));
  stay_on(before);
  EXPECT_EQ(processors_of(affinity_mask()), before);
}

TEST(Processors, AreLeftToAUserWhoPlacesThreads) {
  EXPECT_EQ(variable_placing_threads([](const char*) -> const char* { return nullptr; }), "");
  for (const std::string name : {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"})
    EXPECT_EQ(variable_placing_threads([&](const char* asked) { return name == asked ? "false" : nullptr; }), name);
}

TEST(OrderByHost, LeavesContiguousHostsAlone) {
  const std::vector<int> one_host{0, 0, 0, 0};
  EXPECT_THAT(order_by_host(one_host), ElementsAre(0, 1, 2, 3));
  const std::vector<int> two_hosts{0, 0, 2, 2};
  EXPECT_THAT(order_by_host(two_hosts), ElementsAre(0, 1, 2, 3));
}

TEST(OrderByHost, GathersRanksDealtRoundRobin) {
  const std::vector<int> two_hosts{0, 1, 0, 1};
  EXPECT_THAT(order_by_host(two_hosts), ElementsAre(0, 2, 1, 3));
  const std::vector<int> three_uneven{0, 1, 2, 1, 0, 1};
  EXPECT_THAT(order_by_host(three_uneven), ElementsAre(0, 2, 5, 3, 1, 4));
}

}  // namespace
}  // namespace shoal
