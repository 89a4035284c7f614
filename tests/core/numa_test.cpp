#include "shoal/core/numa.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "temporary_folder.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ListedNumbers, AreReadAsTheSystemWritesThem) {
  EXPECT_THAT(listed_numbers("0-3,8\n"), ElementsAre(0, 1, 2, 3, 8));
  EXPECT_THAT(listed_numbers("\t5"), ElementsAre(5));
  EXPECT_THAT(listed_numbers("0,2-3,7-7"), ElementsAre(0, 2, 3, 7));
  EXPECT_THAT(listed_numbers("\n"), IsEmpty());
  EXPECT_THAT(listed_numbers("none"), IsEmpty());
}

TEST(NumaNodes, AreThoseThatHaveProcessors) {
  const tests::TemporaryFolder system;
  for (const char* node : {"node0", "node1", "node3"}) std::filesystem::create_directory(system / node);
  tests::write(system / "online", "0-1,3\n");
  tests::write(system / "node0/cpulist", "0-1,4-5\n");
  tests::write(system / "node1/cpulist", "\n");  // memory alone
  tests::write(system / "node3/cpulist", "2-3,6-7\n");
  EXPECT_THAT(numa_nodes(system / ""), ElementsAre(ElementsAre(0, 1, 4, 5), ElementsAre(2, 3, 6, 7)));
  EXPECT_THAT(numa_nodes(system / "missing"), IsEmpty());
}

}  // namespace
}  // namespace shoal
