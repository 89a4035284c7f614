#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/doctor/examination.hpp"

namespace shoal {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two ranks of four threads, nobody bound, on a host of eight processors.
Examination sound() {
  Examination found{.launcher = "mpirun"};
  const std::vector<int> eight = {0, 1, 2, 3, 4, 5, 6, 7};
  found.hosts = {{.name = "node1", .processors = eight, .shm_mb = 16000.0}};
  found.ranks = {{.host = "node1", .processors = eight, .threads = 4},
                 {.host = "node1", .processors = eight, .threads = 4}};
  return found;
}

void expect_problem(const Examination& found, const std::string& what, const std::string& remedy) {
  const std::vector<Finding> findings = judge(found);
  ASSERT_EQ(findings.size(), 1U) << what;
  EXPECT_TRUE(findings[0].hurts);
  EXPECT_THAT(findings[0].what, HasSubstr(what));
  EXPECT_THAT(findings[0].remedy, HasSubstr(remedy));
}

TEST(Doctor, HasNothingToSayOfASoundHost) {
  EXPECT_THAT(judge(sound()), IsEmpty());
  EXPECT_EQ(line_to_use(sound()), "mpirun -np 2 --bind-to none shoal train CONFIG");
}

TEST(Doctor, NamesMoreRanksThanProcessors) {
  Examination found = sound();
  found.hosts[0].processors = {0};
  for (ExaminedRank& rank : found.ranks) rank = {.host = "node1", .processors = {0}, .threads = 1};
  expect_problem(found, "node1 runs 2 ranks on 1 processor", "shoal train CONFIG");
}

TEST(Doctor, NamesMoreThreadsThanProcessors) {
  Examination found = sound();
  found.ranks[0].threads = 8;
  found.omp_num_threads = "8";
  expect_problem(found, "on node1 2 ranks with 12 threads share 8 processors", "unset OMP_NUM_THREADS");
}

TEST(Doctor, NamesRanksThatAreBoundToAPart) {
  Examination found = sound();
  for (int r = 0; r < 2; ++r) found.ranks[static_cast<std::size_t>(r)] = {"node1", {r}, 1};
  expect_problem(found, "ranks are bound to 2 processors of 8", "--bind-to none");
  found.places_threads = "OMP_PROC_BIND";
  expect_problem(found, "ranks are bound to 2 processors of 8", "unset OMP_PROC_BIND; mpirun");
  found.ranks[0].processors = {0, 1, 2, 3};
  found.ranks[1].processors = {4, 5, 6, 7};
  EXPECT_THAT(judge(found), IsEmpty()) << "all are used";
}

TEST(Doctor, TakesWhatSlurmHasGivenForAll) {
  Examination found = sound();
  found.launcher = "srun";
  found.ranks = {{.host = "node1", .processors = {0, 1, 2, 3}, .threads = 4}};
  EXPECT_EQ(judge(found).size(), 1U) << "half of them stand idle";
  found.hosts[0].granted = 4;
  EXPECT_THAT(judge(found), IsEmpty()) << "the others are of other jobs";
}

TEST(Doctor, NamesTheQuotaOfAControlGroup) {
  Examination found = sound();
  found.hosts[0].quota = 2.0;
  expect_problem(found, "gives node1 the time of 2 processors, and 8 threads want it", "OMP_NUM_THREADS=1");
}

TEST(Doctor, AdvisesARankForEachNumaNode) {
  Examination found = sound();
  found.mpi = "Open MPI v4.1.4";
  const std::vector<int> eight = found.hosts[0].processors;
  found.hosts[0].numa_nodes = {{0, 1, 2, 3}, {4, 5, 6, 7}};
  found.ranks[0].kept_to = {0, 1, 2, 3};
  found.ranks[1].kept_to = {4, 5, 6, 7};
  EXPECT_THAT(judge(found), IsEmpty()) << "one each";
  found.ranks = {{.host = "node1", .processors = eight, .threads = 8, .kept_to = eight}};
  found.launcher = "none";
  ASSERT_EQ(judge(found).size(), 1U);
  EXPECT_FALSE(judge(found)[0].hurts);
  EXPECT_THAT(judge(found)[0].what, HasSubstr("on node1 the threads of a rank lie on 2 NUMA nodes"));
  EXPECT_EQ(judge(found)[0].remedy, "a rank for each node: mpirun -np 2 --bind-to none shoal train CONFIG");
  EXPECT_EQ(line_to_use(found), "shoal train CONFIG") << "as many as there are";
  found.omp_num_threads = "8";
  EXPECT_THAT(judge(found)[0].remedy, HasSubstr("unset OMP_NUM_THREADS; mpirun -np 2"));
  found.mpi.clear();
  EXPECT_THAT(judge(found)[0].remedy, HasSubstr("build shoal with MPI"));
  found.hosts[0].numa_nodes = {eight};
  EXPECT_THAT(judge(found), IsEmpty()) << "one node";
}

TEST(Doctor, AdvisesAWholeNumberOfRanksANumaNode) {
  Examination found = sound();
  found.mpi = "Open MPI v4.1.4";
  found.hosts[0].numa_nodes = {{0, 1, 2, 3}, {4, 5, 6, 7}};
  const std::vector<int> eight = found.hosts[0].processors;
  found.hosts.push_back({.name = "node2", .processors = eight, .numa_nodes = {{0, 2, 4, 6}, {1, 3, 5, 7}}});
  found.ranks.clear();
  for (const char* host : {"node1", "node1", "node1", "node2"})
    found.ranks.push_back({.host = host, .processors = eight, .threads = 2, .kept_to = {2, 3, 4}});
  const std::vector<Finding> findings = judge(found);
  ASSERT_EQ(findings.size(), 2U) << "of each host";
  EXPECT_THAT(findings[0].remedy, HasSubstr("mpirun -np 4 --host node1:2,node2:2 --bind-to none"));
  EXPECT_THAT(findings[1].what, HasSubstr("on node2"));
}

TEST(Doctor, NamesSrunThatToldItsTasksNothing) {
  Examination found = sound();
  found.ranks.resize(1);
  found.scattered_tasks = 4;
  expect_problem(found, "srun started 4 tasks", "srun --mpi=pmix -n 4 shoal train CONFIG");
}

TEST(Doctor, JudgesASmallSharedMemoryByTheRanks) {
  Examination found = sound();
  found.hosts[0].shm_mb = 64.0;
  ASSERT_EQ(judge(found).size(), 1U);
  EXPECT_FALSE(judge(found)[0].hurts) << "two ranks have room";
  found.hosts[0].shm_mb = 8.0;
  expect_problem(found, "/dev/shm of node1 has 8 MB free", "backing_directory=/tmp");
  found.hosts[0].shm_mb.reset();
  ASSERT_EQ(judge(found).size(), 1U);
  EXPECT_THAT(judge(found)[0].what, HasSubstr("node1 has no /dev/shm"));
  found.hosts[0].shm_mb = 128.0;
  EXPECT_THAT(judge(found), IsEmpty());
  for (int p = 8; p < 64; ++p) found.hosts[0].processors.push_back(p);
  found.ranks.assign(64, {.host = "node1", .processors = found.hosts[0].processors, .threads = 1});
  expect_problem(found, "/dev/shm of node1 has 128 MB free", "backing_directory=/tmp");
}

TEST(Doctor, NamesWhatAFolderCannotDo) {
  Examination found = sound();
  found.place = {.folder = "runs", .kind = "nfs", .lock = "No locks available"};
  expect_problem(found, "runs (nfs) does not lock files", "remount,flock");
  found.place = {.folder = "runs", .kind = "vfat", .link = "Operation not permitted"};
  expect_problem(found, "runs (vfat) has no symbolic links", "--run FOLDER");
  found.place = {.folder = "runs", .kind = "ext", .written = "Read-only file system", .lock = "x"};
  expect_problem(found, "cannot be written: Read-only", "--run FOLDER");
}

TEST(Doctor, NamesHostsThatDoNotSeeOrHearEachOther) {
  Examination found = sound();
  found.hosts.push_back({.name = "node2", .processors = {0, 1, 2, 3}});
  found.ranks[1] = {.host = "node2", .processors = {0, 1, 2, 3}, .threads = 4};
  EXPECT_THAT(judge(found), IsEmpty());
  EXPECT_EQ(line_to_use(found), "mpirun -np 2 --host node1:1,node2:1 --bind-to none shoal train CONFIG");
  found.ranks[1].heard = false;
  expect_problem(found, "do not reach rank 1 on node2", "UDP");
  found.ranks[1].heard = true;
  found.ranks[1].sees_place = false;
  expect_problem(found, "not the same folder on node2", "that all hosts share");
  found.ranks[1].sees_place = true;
  found.place = {.folder = "runs", .kind = "nfs"};
  found.ranks[1].kept_out = false;
  expect_problem(found, "does not lock files: of two jobs that begin a run in one moment", "local_lock=none");
  found.ranks[1].kept_out = true;
  found.kernels = "ranks compute other bits";
  expect_problem(found, "ranks compute other bits", "one build");
}

}  // namespace
}  // namespace shoal
