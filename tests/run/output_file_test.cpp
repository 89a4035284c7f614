#include "shoal/run/output_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "shoal/core/error.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/run/run_directory.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr auto all_outputs = {Output::data_set, Output::predictions, Output::trace};

/// A run, the folder of a sweep, a data set and a config; `link` leads out of the folder and `back` into it again.
class OutputFileTest : public ::testing::Test {
 protected:
  OutputFileTest() {
    {
      const RunDirectory run = RunDirectory::create(path("run"));
      run.write_config("seed = 1\n");
      run.write_checkpoint(3, {});
      run.point_latest(3);
    }
    for (const char* name : {"run/metrics.jsonl", "run/nudges.jsonl", "sweep/config.toml", "sweep/fingerprint",
                             "sweep/journal-0.jsonl", "sweep/sweep.csv", "sweep/times.jsonl", "exp/config.toml"})
      write(name, "seed = 1\n");
    fs::create_directories(path("sweep/trials"));
    synth_spirals({.samples = 9, .features = 2, .classes = 3}, path("data.h5"));
    fs::create_directories(path("elsewhere/inside"));
    fs::create_symlink("elsewhere/inside", path("link"));
    fs::create_symlink("..", path("elsewhere/back"));
  }

  std::string path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    tests::write(path(name), text);
  }
  /// The names that a user may give for what is there, or can be.
  std::vector<std::string> spellings(const std::string& name) {
    const std::string alias = next_alias();
    std::vector<std::string> all = {name,       "./" + name, "run/../" + name, "link/../back/" + name,
                                    name + "/", name + "/.", alias + "-link"};
    fs::create_symlink(path(name), path(alias + "-link"));
    if (fs::is_regular_file(path(name))) {
      fs::create_hard_link(fs::canonical(path(name)), path(alias + "-hard"));
      all.push_back(alias + "-hard");
    }
    return all;
  }
  std::string next_alias() { return "alias" + std::to_string(aliases_++); }

  std::string fault(const std::string& out, Output kind, const std::string& run = "") const {
    try {
      check_output_file(path(out), kind, {}, run);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  tests::TemporaryFolder folder_;
  int aliases_ = 0;
};

TEST_F(OutputFileTest, NothingThatIsNeededIsWrittenOverByAnyName) {
  for (const char* victim : {"run",
                             "run/config.toml",
                             "run/metrics.jsonl",
                             "run/nudges.jsonl",
                             "run/paused",
                             "run/lock",
                             "run/checkpoints",
                             "run/checkpoints/latest",
                             "run/checkpoints/step-00000003.h5",
                             "run/checkpoints/step-00000004.h5",
                             "run/checkpoints/t",
                             "run/incarnation-1",
                             "run/incarnation-1/t",
                             "run/incarnation-7",
                             "run/requests/t",
                             "sweep",
                             "sweep/config.toml",
                             "sweep/fingerprint",
                             "sweep/journal-0.jsonl",
                             "sweep/journal-1.jsonl",
                             "sweep/sweep.csv",
                             "sweep/sweep.jsonl",
                             "sweep/sweep.h5",
                             "sweep/times.jsonl",
                             "sweep/best.h5",
                             "sweep/trials",
                             "sweep/trials/t",
                             "sweep/claims-1/t",
                             "data.h5",
                             "exp/config.toml"}) {
    for (const std::string& name : spellings(victim)) {
      for (const Output kind : all_outputs) EXPECT_NE(fault(name, kind), "") << name << ", which is " << victim;
    }
  }
}

TEST_F(OutputFileTest, NoRunIsMadeInsideOfAnotherOrOfAFile) {
  for (const char* victim :
       {"run/config.toml", "run/lock", "run/checkpoints", "run/checkpoints/new", "run/incarnation-1",
        "run/incarnation-9", "run/requests", "run/branch", "run/a/b", "sweep/mine", "sweep/trials", "sweep/claims-1",
        "sweep/sweep.csv", "data.h5", "exp/config.toml"}) {
    for (const std::string& name : spellings(victim)) {
      for (const NewFolder kind : {NewFolder::run, NewFolder::sweep})
        EXPECT_THROW(check_new_folder(path(name), kind), Error) << name << ", which is " << victim;
    }
  }
  for (const char* free : {"new", "new/", "exp/new", "link/../new"})
    EXPECT_NO_THROW(check_new_folder(path(free), NewFolder::run)) << free;
}

TEST_F(OutputFileTest, NamesThatARunWouldTakeOverAreRefusedUnlessAStartLeftThem) {
  write("mine/metrics.jsonl", "");
  write("mine/trials/x", "");
  EXPECT_THROW(check_new_folder(path("mine"), NewFolder::run), Error);
  EXPECT_THROW(check_new_folder(path("mine"), NewFolder::sweep), Error);
  { const RunLock start{fs::path(path("mine"))}; }
  for (const char* again : {"mine", "mine/", "mine/."})
    EXPECT_NO_THROW(check_new_folder(path(again), NewFolder::run)) << again;
  for (const char* name : {"nudges.jsonl", "digests.jsonl", "jobs.jsonl"}) {
    write(std::string("of-") + name + '/' + name, "");
    EXPECT_THROW(check_new_folder(path(std::string("of-") + name), NewFolder::run), Error) << name;
  }
  write("other/trials/x", "");
  EXPECT_NO_THROW(check_new_folder(path("other"), NewFolder::run));
}

TEST_F(OutputFileTest, AnEarlierResultOfTheKindIsReplaced) {
  write("p.csv", "label,p_0,p_1\n1,0.25,0.75\n");
  write("q.csv", "label,\"p_a,b\"\n");
  write("r.csv", "output_0\n1\n");
  write("ids.csv", "patient,\"a ward, or none\",label,\"p_a,b\",p_c\n7,A,c,0.25,0.75\n");
  write("t.json", "{\"traceEvents\":[\n]}\n");
  {
    H5Writer writer(path("p.h5"));
    const std::vector<float> row(2);
    writer.create_array("probabilities", ElementType::float32, {1, 2});
    writer.write_rows("probabilities", 0, std::as_bytes(std::span(row)));
    writer.create_array("ids/0", ElementType::uint8, {1, 1});
    writer.write_rows("ids/0", 0, std::as_bytes(std::span("7", 1)));
    writer.finish();
  }
  for (const char* name : {"p.csv", "q.csv", "r.csv", "ids.csv", "p.h5"}) {
    EXPECT_EQ(fault(name, Output::predictions), "") << name;
    EXPECT_THAT(fault(name, Output::trace), HasSubstr("is no earlier trace")) << name;
    EXPECT_THAT(fault(name, Output::data_set), HasSubstr("is there already")) << name;
  }
  EXPECT_EQ(fault("t.json", Output::trace), "");
  EXPECT_THAT(fault("t.json", Output::predictions), HasSubstr("is no earlier file of predictions"));
  write("table.csv", "label,pixel0\n1,2\n");
  write("truth.csv", "patient,label,pressure\n7,c,label,p_c\n");
  for (const char* name : {"table.csv", "truth.csv"})
    EXPECT_THAT(fault(name, Output::predictions), HasSubstr("is no earlier file of predictions")) << name;
}

TEST_F(OutputFileTest, AFileIsNotCalledAsStandardOutputIs) {
  for (const Output kind : {Output::predictions, Output::confusion, Output::importance, Output::report, Output::config})
    try {
      check_output_file("-", kind, {});
      ADD_FAILURE() << "taken as a name";
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), ExitStatus::usage);
      EXPECT_THAT(error.what(), HasSubstr("and not standard output"));
    }
}

TEST_F(OutputFileTest, NoFileMakesARunOfAFolder) {
  for (const char* name : {"lock", "incarnation-1", "fingerprint"}) {
    const std::string folder = std::string("results-") + name;
    EXPECT_EQ(fault(folder + '/' + name, Output::predictions), "") << name;
    write(folder + '/' + name, "label,p_0,p_1\n");
    EXPECT_EQ(fault(folder + "/metrics.jsonl", Output::predictions), "") << name;
    EXPECT_NO_THROW(check_new_folder(path(folder + "/run"), NewFolder::run)) << name;
  }
  EXPECT_THAT(fault("results/checkpoints/step-00000001.h5", Output::predictions),
              HasSubstr("is called as the checkpoint of a run is; name another"));
  EXPECT_EQ(fault("results/checkpoints/step-1.h5", Output::predictions), "");
}

TEST_F(OutputFileTest, WhatIsNobodysIsFree) {
  write("empty", "");
  for (const Output kind : all_outputs) {
    for (const char* name : {"new.h5", "empty", "run/p.h5", "sweep/p.h5", "elsewhere/metrics.jsonl", "link/../p.h5"})
      EXPECT_EQ(fault(name, kind), "") << name;
  }
  EXPECT_NE(fault("elsewhere/metrics.jsonl", Output::trace, path("elsewhere")), "");  // of the run that is about to be
  EXPECT_THAT(fault(std::string(256, 'x'), Output::trace), HasSubstr("File name too long; choose a shorter"));
}

}  // namespace
}  // namespace shoal
