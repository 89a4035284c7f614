#include "shoal/run/verify.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "run/train_run.hpp"
#include "shoal/config/text.hpp"
#include "shoal/run/digest_chain.hpp"
#include "shoal/run/nudges.hpp"

namespace shoal {
namespace {

using ::testing::HasSubstr;
using Verdict = VerifiedStretch::Verdict;

class Verify : public tests::TrainRun {
 protected:
  /// A change of files by rank 0 alone.
  static void on_disk(const std::function<void()>& change) {
    run_together(test_world(), [&] {
      if (test_world().rank() == 0) change();
    });
  }
  Verification verify(const std::string& run, VerifyRequest wanted = {}) {
    wanted.run = path(run);
    return verify_run(wanted, test_world());
  }
  /// The whole run by a job of rank 0 alone; nothing on the others.
  std::optional<Verification> verify_alone(const std::string& run) {
    std::optional<Verification> verification;
    on_disk([&] {
      Communicator alone;
      VerifyRequest wanted;
      wanted.run = path(run);
      verification = verify_run(wanted, alone);
    });
    return verification;
  }
  static void expect_same(const Verification& verification, const std::vector<std::int64_t>& steps) {
    EXPECT_EQ(verification.chain_fault, "");
    std::vector<std::int64_t> found;
    for (const VerifiedStretch& s : verification.stretches) {
      EXPECT_EQ(s.verdict, Verdict::same) << s.from << " to " << s.to << ": " << s.array << ' ' << s.remark;
      EXPECT_EQ(s.found, s.recorded);
      found.push_back(s.to);
    }
    EXPECT_EQ(found, steps);
  }
  ExitStatus status_of_verification(VerifyRequest wanted) {
    try {
      verify_run(wanted, test_world());
    } catch (const Error& e) {
      message_ = e.what();
      return e.status();
    }
    return ExitStatus::done;
  }

  /// 4 steps an epoch. Stopped after step 6, nudged from step 6 and 9 on, and kept of it: 0, those before nudges and
  /// the last three.
  void make_run(const std::string& name, std::vector<std::string> sets = {}) {
    sets.insert(sets.end(), {"checkpoint.every_steps=2", "checkpoint.keep=2", "train.epochs=4"});
    TrainRequest first = request(name, sets);
    first.sets.push_back("train.steps=6");
    ASSERT_EQ(status_of(first), ExitStatus::done) << message_;
    on_disk([&] {
      NudgeJournal journal;
      journal.add({9, "optimizer.learning_rate", 0.003});
      write_text_atomically(path(name) + "/nudges.jsonl", journal.text());
    });
    TrainRequest second;
    second.run = path(name);
    second.resume = "auto";
    second.sets = {"train.steps=16"};
    ASSERT_EQ(status_of(second), ExitStatus::done) << message_;
    test_world().barrier();
    ASSERT_EQ(RunDirectory::checkpoint_steps(path(name)).size(), 5U);  // 0, 6, 8, 14, 16
  }
  /// Changes a value in a checkpoint, which then has right hashes again.
  void alter(const std::string& run, std::int64_t step, const std::string& array) const {
    on_disk([&] {
      const std::string file = RunPaths{path(run)}.checkpoint(step);
      Archive archive = parse_checkpoint(read_checkpoint(file), file);
      NamedArray changed = archive.array(array);
      changed.data[2] ^= std::byte{1};
      archive.put(changed);
      FileBytes bytes;
      encode_checkpoint(archive, bytes);
      write_atomically(file, bytes);
    });
  }
  std::vector<std::string> files(const std::string& run) const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path(run)))
      all.push_back(entry.path().string() + (entry.is_regular_file() ? read_text(entry.path()) : ""));
    std::sort(all.begin(), all.end());
    return all;
  }
};

TEST_F(Verify, FindsARunThatWasNudgedAndResumedTheSameAtAnyNumberOfRanks) {
  make_run("a");
  const std::vector<std::int64_t> steps = {0, 2, 4, 6, 8, 10, 12, 14, 16};
  const std::vector<std::string> before = files("a");
  expect_same(verify("a"), steps);
  if (const auto alone = verify_alone("a")) expect_same(*alone, steps);
  test_world().barrier();
  EXPECT_EQ(files("a"), before) << "nothing is written into the run";
}

TEST_F(Verify, TrainsTheStretchesAskedForFromTheCheckpointBefore) {
  make_run("a");
  expect_same(verify("a", {.from = 11, .to = 13}), {10, 12, 14});
  expect_same(verify("a", {.to = 1}), {0, 2});
  expect_same(verify("a", {.from = 14}), {16});
  const Verification drawn = verify("a", {.segments = 1});
  EXPECT_LE(drawn.stretches.size(), 3U);
  expect_same(verify("a", {.segments = 100}), {0, 2, 4, 6, 8, 10, 12, 14, 16});
  EXPECT_EQ(status_of_verification({.run = path("a"), .from = 16}), ExitStatus::usage);
  EXPECT_THAT(message_, HasSubstr("no checkpoint after step 16; its last is of step 16"));
  EXPECT_EQ(status_of_verification({.run = path("a"), .from = 3, .to = 100}), ExitStatus::usage);
  EXPECT_THAT(message_, HasSubstr("no checkpoint of step 100 or later; its last is of step 16"));
  EXPECT_EQ(status_of_verification({.run = path("a"), .from = 9, .to = 4}), ExitStatus::usage);
  EXPECT_EQ(status_of_verification({.run = path("a"), .segments = 0}), ExitStatus::usage);
  EXPECT_EQ(status_of_verification({.run = path("a"), .sets = {"seed=7"}}), ExitStatus::usage);
  EXPECT_THAT(message_, HasSubstr("verify repeats"));
  EXPECT_EQ(status_of_verification({.run = path("none")}), ExitStatus::no_input);
  EXPECT_EQ(status_of_verification({.run = path("a"), .sets = {"data.file=" + path("b.h5")}}), ExitStatus::bad_data);
  EXPECT_THAT(message_, HasSubstr("trained on other data"));
}

TEST_F(Verify, NamesTheStretchAndTheArrayOfABitInACheckpoint) {
  make_run("a");
  const std::vector<std::pair<std::string, bool>> arrays = {
      {"parameters/01_dense/weight", true}, {"optimizer/v/01_dense/weight", true}, {"normalization/mean", false}};
  for (const auto& [array, in_digest] : arrays) {
    alter("a", 8, array);
    const Verification verification = verify("a");
    const VerifiedStretch* first = verification.first_different();
    ASSERT_NE(first, nullptr) << array;
    EXPECT_EQ(first->from, 6);
    EXPECT_EQ(first->to, 8);
    EXPECT_EQ(first->array, array);
    EXPECT_EQ(first->found, first->recorded) << "digests.jsonl knows better than the checkpoint";
    if (in_digest) {
      EXPECT_THAT(first->remark, HasSubstr("step-00000008.h5 has the digest"));
    }
    alter("a", 8, array);
  }
  expect_same(verify("a"), {0, 2, 4, 6, 8, 10, 12, 14, 16});
  alter("a", 0, "parameters/01_dense/weight");
  const Verification verification = verify("a");
  ASSERT_NE(verification.first_different(), nullptr);
  EXPECT_EQ(verification.first_different()->from, -1) << "against what the config makes";
  EXPECT_EQ(verification.first_different()->to, 0);
}

TEST_F(Verify, NamesTheStretchOfANudgeThatWasChanged) {
  make_run("a");
  on_disk([&] {
    NudgeJournal changed;
    const NudgeJournal journal = NudgeJournal::of_run(path("a"));
    for (Nudge nudge : journal.nudges()) {
      if (nudge.key == "optimizer.learning_rate") nudge.value = 0.0030001;
      changed.add(nudge);
    }
    write_text_atomically(path("a") + "/nudges.jsonl", changed.text());
  });
  const Verification verification = verify("a");
  const VerifiedStretch* first = verification.first_different();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->from, 8);
  EXPECT_EQ(first->to, 10);
  EXPECT_EQ(first->array, "") << "its checkpoint was pruned";
  EXPECT_THAT(first->remark, HasSubstr("pruned"));
}

TEST_F(Verify, NamesALineOfDigestsThatWasChangedOrTakenAway) {
  make_run("a");
  const std::string file = path("a") + "/digests.jsonl";
  const std::string lines = read_text(file);
  test_world().barrier();
  const std::size_t at = lines.find("\"digest\":\"", lines.find("\"step\":4,")) + 10;
  on_disk([&] {
    std::string changed = lines;
    changed[at] = changed[at] == '0' ? '1' : '0';
    write_text_atomically(file, changed);
  });
  Verification verification = verify("a");
  EXPECT_THAT(verification.chain_fault, HasSubstr("digests.jsonl:4: does not follow"));
  ASSERT_NE(verification.first_different(), nullptr);
  EXPECT_EQ(verification.first_different()->to, 4);

  on_disk([&] {  // all that follows was written anew, without the line of step 8
    DigestChain chain;
    const DigestChain read = DigestChain::parse(lines, "");
    for (const DigestRecord& record : read.records()) {
      if (record.step != 8) chain.add(record);
    }
    write_text_atomically(file, chain.text());
  });
  verification = verify("a");
  EXPECT_THAT(verification.chain_fault, HasSubstr("has no line for step-00000008.h5"));
  EXPECT_EQ(verification.first_different(), nullptr);
}

TEST_F(Verify, OfAnOlderRunTakesTheCheckpointsThatAreLeft) {
  make_run("a");
  on_disk([&] { std::filesystem::remove(path("a") + "/digests.jsonl"); });
  expect_same(verify("a"), {0, 6, 8, 14, 16});
  // Such a run goes on with lines from there on.
  TrainRequest more;
  more.run = path("a");
  more.resume = "auto";
  more.sets = {"train.steps=18"};
  ASSERT_EQ(status_of(more), ExitStatus::done) << message_;
  EXPECT_EQ(DigestChain::of_run(path("a")).records().size(), 2U);
  test_world().barrier();
  expect_same(verify("a"), {0, 6, 8, 16, 18});
}

TEST_F(Verify, KnowsStatisticsThatWereMadeExactWhereARunEnded) {
  make_run("a", {"model.batch_norm.running=exact"});
  expect_same(verify("a"), {0, 2, 4, 6, 8, 10, 12, 14, 16});
}

TEST_F(Verify, KnowsARunThatEndsRightInFrontOfANudge) {
  const std::vector<std::string> sets = {"model.batch_norm.running=exact", "checkpoint.every_steps=2",
                                         "train.epochs=4"};
  TrainRequest first = request("a", sets);
  first.sets.push_back("train.steps=4");
  ASSERT_EQ(status_of(first), ExitStatus::done) << message_;
  on_disk([&] {
    NudgeJournal journal;
    journal.add({7, "optimizer.learning_rate", 0.003});
    write_text_atomically(path("a") + "/nudges.jsonl", journal.text());
  });
  TrainRequest second;
  second.run = path("a");
  second.resume = "auto";
  second.sets = {"train.steps=6"};
  ASSERT_EQ(status_of(second), ExitStatus::done) << message_;
  test_world().barrier();
  expect_same(verify("a"), {0, 2, 4, 6});
  EXPECT_EQ(DigestChain::of_run(path("a")).records().back().digest, digest_in("a"));
}

TEST_F(Verify, FindsNoDigestsOfAStartThatFailed) {
  on_disk([&] {
    std::filesystem::create_directories(path("a"));
    { const RunLock start{std::filesystem::path(path("a"))}; }
    DigestChain chain;
    static_cast<void>(chain.add({0, "of another run"}));
    static_cast<void>(chain.add({100, "of another run"}));
    write_text_atomically(path("a") + "/digests.jsonl", chain.text());
  });
  ASSERT_EQ(status_of(request("a", {"checkpoint.every_steps=4"})), ExitStatus::done) << message_;
  test_world().barrier();
  expect_same(verify("a"), {0, 4, 8, 12});
}

TEST_F(Verify, FollowsABranchFromItsParentAndARunThatWentBack) {
  make_run("a");
  TrainRequest branch;
  branch.resume = path("a");
  branch.rewind = 8;
  branch.run = path("b");
  branch.sets = {"optimizer.l2=0.01", "train.steps=12"};
  ASSERT_EQ(status_of(branch), ExitStatus::done) << message_;
  test_world().barrier();
  expect_same(verify("b"), {8, 10, 12});
  on_disk([&] { std::filesystem::remove(path("a") + "/checkpoints/step-00000008.h5"); });
  const Verification orphan = verify("b");
  EXPECT_EQ(orphan.stretches.front().verdict, Verdict::unknown);
  EXPECT_THAT(orphan.stretches.front().remark, HasSubstr("branched from"));
  EXPECT_EQ(orphan.stretches.back().verdict, Verdict::same);

  TrainRequest back;
  back.resume = path("a") + "/checkpoints/step-00000006.h5";
  back.sets = {"optimizer.learning_rate=0.005"};
  ASSERT_EQ(status_of(back), ExitStatus::done) << message_;
  test_world().barrier();
  const Verification verification = verify("a");
  EXPECT_EQ(verification.chain_fault, "");
  EXPECT_EQ(verification.first_different(), nullptr);
  EXPECT_EQ(DigestChain::of_run(path("a")).up_to(6).records().size(), 4U);
}

TEST_F(Verify, StartsAgainWithTheParametersOfAnotherCheckpoint) {
  ASSERT_EQ(status_of(request("a")), ExitStatus::done) << message_;
  TrainRequest next = request("b", {"train.early_stopping={patience=1,min_delta=10}", "train.average_decay=0.9"});
  next.init_from = path("a") + "/checkpoints/latest";
  ASSERT_EQ(status_of(next), ExitStatus::done) << message_;
  test_world().barrier();
  const Verification verification = verify("b");
  EXPECT_EQ(verification.first_different(), nullptr);
  EXPECT_EQ(verification.stretches.size(), 3U) << "ended early after two epochs";
}

}  // namespace
}  // namespace shoal
