#include "shoal/comm/launcher.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <string>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

ReadVariable reader(const std::map<std::string, std::string>& environment) {
  return [environment](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
}

Launcher find_in(const std::map<std::string, std::string>& environment) { return find_launcher(reader(environment)); }

void expect_launcher(const Launcher& launcher, int ranks) {
  EXPECT_TRUE(launcher.found);
  EXPECT_EQ(launcher.ranks, ranks);
}

TEST(Launcher, NoneInAnOrdinaryShell) { EXPECT_FALSE(find_in({{"HOME", "/root"}}).found); }

TEST(Launcher, NoneInABatchScript) {
  EXPECT_FALSE(find_in({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}, {"SLURM_JOB_ID", "12"}}).found);
}

TEST(Launcher, KnowsEachFamily) {
  expect_launcher(find_in({{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "1"}, {"PMIX_RANK", "1"}}), 4);
  expect_launcher(find_in({{"PMI_RANK", "1"}, {"PMI_SIZE", "3"}}), 3);
  expect_launcher(find_in({{"PMIX_RANK", "0"}, {"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "2"}}), 2);
  expect_launcher(find_in({{"PMIX_RANK", "0"}}), 0);
}

TEST(Launcher, TheInnermostCounts) {
  expect_launcher(find_in({{"OMPI_COMM_WORLD_SIZE", "4"}, {"PMI_SIZE", "1"}, {"SLURM_STEP_NUM_TASKS", "2"}}), 4);
}

TEST(Launcher, KnowsWhetherAllRanksAreOnThisHost) {
  EXPECT_TRUE(find_in({{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"}}).one_host);
  EXPECT_FALSE(find_in({{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}}).one_host);
  EXPECT_FALSE(find_in({{"OMPI_COMM_WORLD_SIZE", "4"}}).one_host);
  EXPECT_FALSE(find_in({{"PMI_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"}}).one_host);
}

TEST(Launcher, ANonsenseSizeIsUnknown) {
  expect_launcher(find_in({{"OMPI_COMM_WORLD_SIZE", "many"}}), 0);
  expect_launcher(find_in({{"PMI_SIZE", "-1"}}), 0);
}

TEST(Launcher, AStepOfSeveralTasksWithoutOneIsRefused) {
  std::map<std::string, std::string> step = {
      {"SLURM_JOB_ID", "12"}, {"SLURM_STEP_ID", "0"}, {"SLURM_NTASKS", "4"}, {"SLURM_STEP_NUM_TASKS", "4"}};
  try {
    refuse_scattered_step(reader(step));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ExitStatus::usage);
    EXPECT_NE(std::string(error.what()).find("started 4 tasks"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("srun --mpi=pmix"), std::string::npos) << error.what();
  }
  const auto allowed = [](std::map<std::string, std::string> environment, const char* name, const char* value) {
    environment[name] = value;
    EXPECT_NO_THROW(refuse_scattered_step(reader(environment))) << name;
  };
  allowed(step, "PMIX_RANK", "1");
  allowed(step, "PMI_FD", "5");
  allowed(step, "OMPI_COMM_WORLD_SIZE", "4");  // mpirun inside of a step
  allowed(step, "SLURM_STEP_NUM_TASKS", "1");  // the shell of salloc
  step.erase("SLURM_STEP_ID");                 // a batch script
  allowed(step, "HOME", "/root");
}

/// The exit status of a process that does this.
int status_of(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ProcessOfMpirun, IsTheParentOfTheProcessGroup) {
  const int self = getpid();
  EXPECT_EQ(process_of_mpirun(reader({{"PMI_RANK", "1"}})), -1);
  const auto is_found = [&] { return process_of_mpirun(reader({{"OMPI_COMM_WORLD_RANK", "1"}})) == self ? 0 : 1; };
  const auto lead_group = [&](bool script) {
    setpgid(0, 0);
    return script ? status_of(is_found) : is_found();
  };
  for (const bool script : {false, true}) EXPECT_EQ(status_of([&] { return lead_group(script); }), 0) << script;
}

}  // namespace
}  // namespace shoal
