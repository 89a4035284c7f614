// Both sides of a request, without a run: what is asked for is judged, and answered or refused.
#include "run/nudging/nudge_desk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <thread>

#include "shoal/io/file.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_pulse.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class Call>
void expect_error(const Call& call, ExitStatus status, const std::string& words) {
  try {
    call();
    ADD_FAILURE() << "no error, instead of: " << words;
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), status) << e.what();
    EXPECT_THAT(e.what(), HasSubstr(words));
  }
}

std::int64_t steps_of(const Config& config) { return config.train.steps; }

TEST(JudgeNudge, ActsOnTheNextStepUnlessAskedForAnother) {
  Config start;
  start.train.steps = 100;
  EXPECT_THAT(judge_nudge({"", {"optimizer.l2=1", "optimizer.rho=0.5"}, {}}, start, {}, 41, steps_of),
              ElementsAre(Nudge{42, "optimizer.l2", 1.0}, Nudge{42, "optimizer.rho", 0.5}));
  EXPECT_EQ(judge_nudge({"", {"optimizer.l2=1"}, 60}, start, {}, 41, steps_of).front().step, 60);
}

TEST(JudgeNudge, StepsThatArePastOrNeverComeAreRefused) {
  Config start;
  start.train.steps = 100;
  const auto ask = [&](std::int64_t step, const NudgeJournal& journal) {
    judge_nudge({"", {"optimizer.l2=1"}, step}, start, journal, 41, steps_of);
  };
  expect_error([&] { ask(41, {}); }, ExitStatus::usage,
               "--at-step is 41, but the run has done 41 updates; give 42 or more");
  EXPECT_NO_THROW(ask(101, {})) << "where train.steps could let it go on";
  expect_error([&] { ask(102, {}); }, ExitStatus::usage, "--at-step is 102, but the run ends with step 100");
  NudgeJournal longer;
  longer.add({101, "train.steps", std::int64_t{150}});
  longer.add({151, "train.steps", std::int64_t{160}});
  longer.add({171, "train.steps", std::int64_t{180}});  // never comes
  EXPECT_NO_THROW(ask(161, longer));
  expect_error([&] { ask(162, longer); }, ExitStatus::usage, "ends with step 160");
}

TEST(JudgeNudge, AnEndThatIsPastOrNotGoneByIsRefused) {
  Config start;
  start.train.steps = 100;
  const auto ask = [&](const std::string& setting) { judge_nudge({"", {setting}, {}}, start, {}, 41, steps_of); };
  EXPECT_NO_THROW(ask("train.steps=42"));
  expect_error([&] { ask("train.steps=41"); }, ExitStatus::usage,
               "train.steps = 41 makes 41 updates, and the run will have done 41 by then; give more, or stop it");
  expect_error([&] { ask("train.epochs=1000"); }, ExitStatus::usage,
               "train.epochs = 1000 has no effect while train.steps = 100; nudge train.steps instead");
}

TEST(NotesOnNudges, SayWhatActsAsNothingAndWhereTheRunEnds) {
  Config start;
  start.train.steps = 100;
  start.train.early_stopping.patience = 5;
  RunProgress progress;
  progress.step = 41;
  progress.stale_evaluations = 2;
  const auto notes = [&](const Nudge& nudge) {
    NudgeJournal journal;
    journal.add(nudge);
    return notes_on_nudges({nudge}, start, journal, progress, steps_of);
  };
  const char* patience = "train.early_stopping.patience";
  EXPECT_THAT(notes({42, "optimizer.l2", 1.0}), IsEmpty());
  EXPECT_THAT(notes({42, "optimizer.rho", 0.5}), ElementsAre(HasSubstr("optimizer.rho = 0.5 has no effect")));
  EXPECT_THAT(notes({42, patience, std::int64_t{3}}), IsEmpty());
  EXPECT_THAT(notes({42, patience, std::int64_t{2}}),
              ElementsAre("the run ends with step 41, early: 2 evaluations are without progress already, and "
                          "train.early_stopping.patience is 2"));
  EXPECT_THAT(notes({60, patience, std::int64_t{1}}),
              ElementsAre(HasSubstr("ends with step 59, early, unless one until then makes progress: 2")));
  EXPECT_THAT(notes({101, "train.average_decay", 0.5}),
              ElementsAre("the run ends with step 100: nothing acts from step 101 on, unless train.epochs or "
                          "train.steps is raised"));
  EXPECT_THAT(notes({101, "train.steps", std::int64_t{150}}), IsEmpty());
}

TEST(NoteNudges, OneThatIsWrongOrCannotBeWrittenLeavesTheJournalAsItWas) {
  const tests::TemporaryFolder folder;
  const std::string file = folder / "nudges.jsonl";
  NudgeJournal journal;
  journal.add({3, "optimizer.rho", 0.5});
  const NudgeJournal before = journal;
  const auto judge = [&](const NudgeRequestFile& request) {
    return judge_nudge(request, Config(), journal, 4, [](const Config&) { return std::int64_t{100}; });
  };
  const auto write_to = [](const std::string& place) {
    return [place](const std::string& lines) { write_text_atomically(place, lines); };
  };
  const NudgeReply wrong = note_nudges({"", {"optimizer.l2=1", "optimizer.l3=1"}, {}}, judge, write_to(file), journal);
  EXPECT_EQ(wrong.status, ExitStatus::usage);
  EXPECT_FALSE(fs::exists(file));
  EXPECT_EQ(note_nudges({"", {"optimizer.l2=1"}, {}}, judge, write_to(folder / "none/nudges.jsonl"), journal).status,
            ExitStatus::input_output);
  EXPECT_EQ(journal, before);
  const NudgeReply right = note_nudges({"", {"optimizer.l2=1"}, {}}, judge, write_to(file), journal);
  EXPECT_EQ(right.status, ExitStatus::done);
  EXPECT_EQ(right.text, to_json_line({5, "optimizer.l2", 1.0}));
  EXPECT_EQ(tests::read(file), before.text() + right.text);
  EXPECT_EQ(journal.text(), tests::read(file));
}

class Desk : public ::testing::Test {
 protected:
  static bool never() { return false; }
  void start_run() {
    directory_.emplace(RunDirectory::create(run_));
    directory_->write_config("[train]\nsteps = 100\n");
    directory_->write_checkpoint(0, {});
  }
  /// Answers one request, as a run does.
  void serve(const NudgeReply& reply) {
    NudgeDesk desk(run_);
    for (;;) {
      if (!desk.has_visitors()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        continue;
      }
      for (const auto& visitor : desk.admit()) {
        seen_ = visitor.request.settings;
        NudgeDesk::answer(visitor, reply);
        return;
      }
    }
  }
  std::vector<fs::path> requests() const {
    std::vector<fs::path> names;
    for (const auto& entry : fs::directory_iterator(RunPaths{run_}.requests()))
      names.push_back(entry.path().filename());
    return names;
  }

  tests::TemporaryFolder folder_;
  std::string run_ = folder_ / "run";
  std::optional<RunDirectory> directory_;
  std::vector<std::string> seen_;
};

TEST_F(Desk, AnswersTheOneWhoAsked) {
  start_run();
  std::thread run([&] { serve({ExitStatus::done, to_json_line({7, "optimizer.l2", 0.5}), {"no more than that"}}); });
  const TakenNudges taken = nudge_run(run_, {"optimizer.l2=0.5"}, {}, never);
  run.join();
  EXPECT_THAT(taken.nudges, ElementsAre(Nudge{7, "optimizer.l2", 0.5}));
  EXPECT_THAT(taken.notes, ElementsAre("no more than that"));
  EXPECT_THAT(seen_, ElementsAre("optimizer.l2=0.5"));
  EXPECT_THAT(requests(), IsEmpty()) << "both sides clear up";
  std::thread refusing([&] { serve({ExitStatus::usage, "not now"}); });
  expect_error([&] { nudge_run(run_, {"optimizer.l2=0.5"}, {}, never); }, ExitStatus::usage, "not now");
  refusing.join();
}

TEST_F(Desk, WhatIsWrongByItselfIsSaidAtOnce) {
  expect_error([&] { nudge_run(run_, {"optimizer.l2=1"}, {}, never); }, ExitStatus::no_input,
               "there is no run in " + run_);
  start_run();  // nobody answers in this one
  expect_error([&] { nudge_run(run_, {"optimizer.l3=1"}, {}, never); }, ExitStatus::usage,
               "did you mean \"optimizer.l2\"");
  expect_error([&] { nudge_run(run_, {"optimizer.l2=-1"}, {}, never); }, ExitStatus::usage, "optimizer.l2=-1: ");
  expect_error([&] { nudge_run(run_, {"optimizer.l2=1"}, 0, never); }, ExitStatus::usage, "--at-step is 0");
  expect_error([&] { nudge_run(run_, {}, {}, never); }, ExitStatus::usage, "give KEY=VALUE");
  EXPECT_FALSE(fs::exists(RunPaths{run_}.requests()));
}

TEST_F(Desk, ARunThatHasEndedCannotBeNudged) {
  start_run();
  directory_.reset();
  expect_error([&] { nudge_run(run_, {"optimizer.l2=1"}, {}, never); }, ExitStatus::usage,
               "nobody trains " + run_ + " now");
}

TEST_F(Desk, ARunThatEndsMeanwhileIsNotWaitedFor) {
  start_run();
  std::thread run([&] {
    while (!fs::exists(RunPaths{run_}.requests()) || requests().empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    directory_.reset();
  });
  expect_error([&] { nudge_run(run_, {"optimizer.l2=1"}, {}, never); }, ExitStatus::usage,
               "nobody trains " + run_ + " now");
  run.join();
  EXPECT_THAT(requests(), IsEmpty());
}

TEST_F(Desk, ANudgeCanBeWithdrawn) {
  start_run();
  expect_error([&] { nudge_run(run_, {"optimizer.l2=1"}, {}, [] { return true; }); }, ExitStatus::stopped, "withdrawn");
  EXPECT_THAT(requests(), IsEmpty());
}

TEST_F(Desk, RequestsToAnotherOwnerAndGarbageAreNotTaken) {
  start_run();
  fs::create_directories(RunPaths{run_}.requests());
  tests::write(RunPaths{run_}.requests() + "/1.json",
               to_json(NudgeRequestFile{"a run before", {"optimizer.l2=1"}, {}}));
  tests::write(RunPaths{run_}.requests() + "/2.json", "{\"owner\":");
  tests::write(RunPaths{run_}.requests() + "/3.json.12.tmp", "half");
  tests::write(RunPaths{run_}.requests() + "/0.reply", "nobody came");
  tests::write(RunPaths{run_}.requests() + "/4.json",
               to_json(NudgeRequestFile{run_owner(run_), {"optimizer.l2=2"}, 9}));
  NudgeDesk desk(run_);
  EXPECT_TRUE(desk.has_visitors());
  EXPECT_FALSE(desk.has_visitors()) << "looks only now and then";
  const auto visitors = desk.admit();
  ASSERT_EQ(visitors.size(), 1U);
  EXPECT_THAT(visitors[0].request.settings, ElementsAre("optimizer.l2=2"));
  EXPECT_EQ(visitors[0].request.at_step, 9);
  EXPECT_THAT(requests(), ElementsAre("3.json.12.tmp"));
}

TEST_F(Desk, OtherWishesAreRequestsOfTheirOwn) {
  for (const RunWish wish : {RunWish::stop, RunWish::pause, RunWish::go_on, RunWish::nudge})
    EXPECT_EQ(parse_nudge_request(to_json(NudgeRequestFile{"an owner", {}, {}, wish})).wish, wish);
  EXPECT_THAT(to_json(NudgeRequestFile{"an owner", {}, {}, RunWish::stop}), HasSubstr("\"stop\":true"));
  expect_error([&] { ask_run(run_, RunWish::stop, never); }, ExitStatus::no_input, "there is no run");
  start_run();
  const auto always = [] { return true; };
  expect_error([&] { ask_run(run_, RunWish::stop, always); }, ExitStatus::stopped, "the wish to stop was withdrawn");
  expect_error([&] { ask_run(run_, RunWish::go_on, always); }, ExitStatus::stopped, "the wish to go on was withdrawn");
  EXPECT_THAT(requests(), IsEmpty());
}

TEST_F(Desk, WhatCannotBeReadIsToldOfOnce) {
  start_run();
  fs::create_directories(RunPaths{run_}.requests() + "/1.json/2");
  NudgeDesk desk(run_);
  ASSERT_TRUE(desk.has_visitors());
  EXPECT_THAT(desk.admit(), IsEmpty());
  std::this_thread::sleep_for(std::chrono::milliseconds(250));  // more than between two looks
  EXPECT_FALSE(desk.has_visitors());
  tests::write(RunPaths{run_}.requests() + "/2.json",
               to_json(NudgeRequestFile{run_owner(run_), {"optimizer.l2=2"}, 9}));
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  EXPECT_TRUE(desk.has_visitors());
  EXPECT_EQ(desk.admit().size(), 1U);
}

}  // namespace
}  // namespace shoal
