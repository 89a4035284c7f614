#include "shoal/io/memory_limit.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace shoal {
namespace {

namespace fs = std::filesystem;

class MemoryLimit : public testing::Test {
 protected:
  ~MemoryLimit() override { fs::remove_all(mount_); }

  void set(const std::string& file, const std::string& text) const {
    fs::create_directories((mount_ / file).parent_path());
    std::ofstream(mount_ / file) << text << '\n';
  }
  const fs::path mount_ = fs::path(testing::TempDir()) / "shoal_memory_limit_test";
};

TEST_F(MemoryLimit, TheLowestOfAGroupAndThoseAroundItCounts) {
  set("memory.max", "max");
  set("slurm/memory.max", "64000000000");
  set("slurm/job_7/memory.max", "8000000000");
  set("slurm/job_7/step_0/memory.max", "max");
  EXPECT_EQ(cgroup_limit("0::/slurm/job_7/step_0\n", mount_), 8000000000U);
  EXPECT_EQ(cgroup_limit("0::/slurm\n", mount_), 64000000000U);
  EXPECT_EQ(cgroup_limit("0::/\n", mount_), no_memory_limit);
}

TEST_F(MemoryLimit, Version1HasAFolderForMemory) {
  const std::string membership = "5:cpu,cpuacct:/other\n4:memory:/slurm/uid_0/job_7\n1:name=systemd:/user\n0::/user\n";
  EXPECT_EQ(cgroup_limit(membership, mount_), no_memory_limit);
  set("memory/memory.limit_in_bytes", "9223372036854771712");
  set("memory/slurm/uid_0/memory.limit_in_bytes", "2000000000");
  set("memory/other/memory.limit_in_bytes", "1");
  EXPECT_EQ(cgroup_limit(membership, mount_), 2000000000U);
  EXPECT_EQ(cgroup_limit("9:hugetlb,memory:/elsewhere", mount_), 9223372036854771712U);
}

/// A container sees its own group as the top, and its path at times from outside.
TEST_F(MemoryLimit, InAContainerTheTopIsItsOwn) {
  set("memory.max", "3000000000");
  EXPECT_EQ(cgroup_limit("0::/docker/0123456789ab\n", mount_), 3000000000U);
}

TEST_F(MemoryLimit, WhatIsNoMembershipLimitsNothing) {
  set("memory.max", "1000");
  EXPECT_EQ(cgroup_limit("", mount_), no_memory_limit);
  EXPECT_EQ(cgroup_limit("nonsense\n0:\n", mount_), no_memory_limit);
}

TEST_F(MemoryLimit, AHostHasSome) {
  EXPECT_GT(host_memory(), 1000000U);
  EXPECT_LE(usable_memory(), host_memory());
}

}  // namespace
}  // namespace shoal
