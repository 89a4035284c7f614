#include "shoal/run/nudges.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/core/error.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void expect_refused(const Config& config, const std::string& assignment, const std::string& words) {
  try {
    parse_nudge(config, assignment, 5);
    ADD_FAILURE() << assignment << " was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    EXPECT_THAT(e.what(), HasSubstr(words));
  }
}

TEST(ParseNudge, ValuesGetOneForm) {
  const Config config;
  EXPECT_THAT(parse_nudge(config, "optimizer.learning_rate=3e-4", 7),
              ElementsAre(Nudge{7, "optimizer.learning_rate", 0.0003}));
  EXPECT_THAT(parse_nudge(config, "optimizer.l2 = 1", 7), ElementsAre(Nudge{7, "optimizer.l2", 1.0}));
  EXPECT_THAT(parse_nudge(config, "schedule.name=cosine", 7),
              ElementsAre(Nudge{7, "schedule.name", std::string("cosine")}));
  EXPECT_THAT(parse_nudge(config, "train.early_stopping={patience=3, min_delta=0.1}", 7),
              ElementsAre(Nudge{7, "train.early_stopping.min_delta", 0.1},
                          Nudge{7, "train.early_stopping.patience", std::int64_t{3}}));
}

TEST(ParseNudge, WhatCannotChangeIsRefused) {
  Config config;
  expect_refused(config, "optimizer.lerning_rate=1", "did you mean \"optimizer.learning_rate\"?");
  expect_refused(config, "optimizer.learning_rate=fast", "optimizer.learning_rate=fast: ");
  expect_refused(config, "optimizer.beta1=1", "use a number from 0 to below 1");
  expect_refused(config, "optimizer.learning_rate", "use KEY=VALUE");
  expect_refused(config, "schedule.name=cosin", "did you mean \"cosine\"?");
  for (const char* fixed :
       {"data.batch_size=64", "seed=2", "model.hidden=[8]", "optimizer.name=gd", "parallel.leaves=2"})
    expect_refused(config, fixed, "cannot change while a run is under way");
  config.model.layers = {{"dense", {{"units", std::int64_t{8}}}}};
  expect_refused(config, "model.dropout=0.5", "excludes model.layers");
}

TEST(NudgeJournal, LinesReadBackEqual) {
  NudgeJournal journal;
  journal.add({120, "optimizer.learning_rate", 0.0003});
  journal.add({7, "schedule.name", std::string("cosine")});
  journal.add({7, "train.epochs", std::int64_t{30}});
  EXPECT_EQ(journal.text(),
            "{\"step\":120,\"key\":\"optimizer.learning_rate\",\"value\":0.0003}\n"
            "{\"step\":7,\"key\":\"schedule.name\",\"value\":\"cosine\"}\n"
            "{\"step\":7,\"key\":\"train.epochs\",\"value\":30}\n");
  EXPECT_EQ(NudgeJournal::parse(journal.text(), "x"), journal);
}

TEST(NudgeJournal, ATornLastLineIsDroppedAndABadOneNamed) {
  const std::string line = to_json_line({3, "optimizer.l2", 0.5});
  EXPECT_EQ(NudgeJournal::parse(line + "{\"step\":4,\"key\":\"opt", "x").nudges().size(), 1U);
  EXPECT_EQ(NudgeJournal::parse(line.substr(0, line.size() - 1), "x").nudges().size(), 1U)
      << "whole, without its newline";
  for (const std::string bad : {R"({"step":4,"key":"opt)", R"({"step":0,"key":"optimizer.l2","value":1})",
                                R"({"step":4,"key":"seed","value":1})", R"({"step":4,"key":"optimizer.l2","value":-1})",
                                R"({"step":4,"key":"optimizer.l2"})", R"([4])"}) {
    try {
      NudgeJournal::parse(line + bad + "\n" + line, "run/nudges.jsonl");
      ADD_FAILURE() << bad;
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), ExitStatus::bad_data);
      EXPECT_THAT(e.what(), HasSubstr("run/nudges.jsonl:2: "));
    }
  }
}

TEST(NudgeJournal, OfARunWithoutTheFileIsEmpty) {
  const tests::TemporaryFolder folder;
  EXPECT_TRUE(NudgeJournal::of_run(folder / "").empty());
  tests::write(folder / "nudges.jsonl", to_json_line({3, "optimizer.l2", 0.5}));
  EXPECT_THAT(NudgeJournal::of_run(folder / "").nudges(), ElementsAre(Nudge{3, "optimizer.l2", 0.5}));
}

TEST(NudgeJournal, TheLatestStepCountsThenTheLatestLine) {
  NudgeJournal journal;
  journal.add({10, "optimizer.l2", 0.1});
  journal.add({5, "optimizer.l2", 0.2});
  journal.add({10, "optimizer.l2", 0.3});
  journal.add({7, "optimizer.rho", 0.5});
  const Config start;
  EXPECT_EQ(journal.config_at(start, 4), start);
  EXPECT_EQ(journal.config_at(start, 5).optimizer.l2, 0.2);
  EXPECT_EQ(journal.config_at(start, 9).optimizer.rho, 0.5);
  EXPECT_EQ(journal.config_at(start, 9).optimizer.l2, 0.2);
  EXPECT_EQ(journal.config_at(start, 10).optimizer.l2, 0.3);
  EXPECT_TRUE(journal.acts_on(7));
  EXPECT_FALSE(journal.acts_on(8));
  EXPECT_EQ(journal.up_to(7).nudges().size() + journal.after(7).nudges().size(), 4U);
  EXPECT_THAT(journal.after(10).nudges(), IsEmpty());
}

}  // namespace
}  // namespace shoal
