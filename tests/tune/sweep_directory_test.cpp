// The folder of a sweep, whose owner may be taken over.
#include "tune/sweep_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "shoal/core/error.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

template <class Body>
ExitStatus status_of(const Body& body) try {
  body();
  return ExitStatus::done;
} catch (const Error& error) {
  return error.status();
}

TEST(SweepDirectory, GivesEachClaimOnceWhileItIsThere) {
  const tests::TemporaryFolder folder;
  const std::string claims = folder / "claims";
  fs::create_directory(claims);
  EXPECT_TRUE(claim(claims, "0-0-1"));
  EXPECT_FALSE(claim(claims, "0-0-1"));
  fs::rename(claims, folder / "moved");
  EXPECT_EQ(status_of([&] { claim(claims, "0-0-2"); }), ExitStatus::taken);
  EXPECT_EQ(status_of([&] { check_claims(claims); }), ExitStatus::taken);
}

TEST(SweepDirectory, OfAnOwnerThatWasTakenOverChangesNothing) {
  const tests::TemporaryFolder folder;
  const SweepDirectory old = SweepDirectory::create(folder / "sweep");
  const SweepPaths& paths = old.paths();
  old.write(paths.csv(), "mine");
  tests::write(paths.checkpoint(3), "the winner");
  // As the next owner does.
  fs::create_directory(folder / "sweep/incarnation-2");
  fs::remove_all(folder / "sweep/incarnation-1");
  tests::write(paths.csv(), "the next one's");
  tests::write(paths.best(), "the next one's");
  EXPECT_EQ(status_of([&] { old.write(paths.csv(), "late"); }), ExitStatus::taken);
  EXPECT_EQ(status_of([&] { old.promote({{paths.checkpoint(3), paths.best()}}); }), ExitStatus::taken);
  EXPECT_EQ(tests::read(paths.csv()), "the next one's");
  EXPECT_EQ(tests::read(paths.best()), "the next one's");
  EXPECT_TRUE(fs::exists(paths.checkpoint(3)));
}

TEST(SweepDirectory, PromotesTheWinner) {
  const tests::TemporaryFolder folder;
  const SweepDirectory sweep = SweepDirectory::create(folder / "sweep");
  const SweepPaths& paths = sweep.paths();
  EXPECT_FALSE(sweep.promote({{paths.checkpoint(3), paths.best()}}));
  tests::write(paths.checkpoint(3), "the winner");
  EXPECT_TRUE(sweep.promote({{paths.checkpoint(3), paths.best()}}));
  EXPECT_EQ(tests::read(paths.best()), "the winner");
}

TEST(SweepDirectory, PromotesAllOrNone) {
  const tests::TemporaryFolder folder;
  const SweepDirectory sweep = SweepDirectory::create(folder / "sweep");
  const SweepPaths& paths = sweep.paths();
  tests::write(paths.checkpoint(1), "one");
  EXPECT_FALSE(sweep.promote({{paths.checkpoint(1), paths.kept(1)}, {paths.checkpoint(2), paths.best()}}));
  EXPECT_FALSE(fs::exists(paths.kept(1)));
  tests::write(paths.checkpoint(2), "two");
  EXPECT_TRUE(sweep.promote({{paths.checkpoint(1), paths.kept(1)}, {paths.checkpoint(2), paths.best()}}));
  EXPECT_EQ(tests::read(paths.kept(1)), "one");
  EXPECT_EQ(tests::read(paths.best()), "two");
}

TEST(SweepDirectory, KeepsTheCheckpointsOfSomeTrials) {
  const tests::TemporaryFolder folder;
  const SweepDirectory sweep = SweepDirectory::create(folder / "sweep");
  const SweepPaths& paths = sweep.paths();
  for (const std::int64_t trial : {3, 12}) {
    tests::write(paths.checkpoint(trial), std::to_string(trial));
    EXPECT_TRUE(sweep.promote({{paths.checkpoint(trial), paths.kept(trial)}}));
  }
  EXPECT_EQ(tests::read(folder / "sweep/best/0012.h5"), "12");
  sweep.keep_only({12});
  EXPECT_FALSE(fs::exists(paths.kept(3)));
  EXPECT_TRUE(fs::exists(paths.kept(12)));
  sweep.keep_only({});
  EXPECT_FALSE(fs::exists(paths.kept()));
}

TEST(SweepDirectory, NeverTakesAFolderWithAConfigOfTheUsers) {
  const tests::TemporaryFolder folder;
  fs::create_directories(folder / "sweep");
  tests::write(folder / "sweep/config.toml", "# mine");
  EXPECT_EQ(status_of([&] { SweepDirectory::create(folder / "sweep"); }), ExitStatus::taken);
  EXPECT_EQ(tests::read(folder / "sweep/config.toml"), "# mine");
}

/// Its config was removed: a trial of the new sweep must not go on from one of the old, nor may old results pass for
/// new.
TEST(SweepDirectory, MadeAnewKeepsNothingOfTheSweepBefore) {
  const tests::TemporaryFolder folder;
  std::vector<std::string> files;
  {
    const SweepDirectory old = SweepDirectory::create(folder / "sweep");
    const SweepPaths& paths = old.paths();
    files = {paths.checkpoint(3),
             paths.checkpoint(0, 2),
             paths.member_checkpoint(1, 2),
             paths.final_part(),
             paths.rounds(),
             paths.csv(),
             paths.jsonl(),
             paths.h5(),
             paths.times(),
             paths.best(),
             paths.best_of_fold(1),
             paths.final_fit(),
             paths.journal(0)};
    for (const std::string& file : files) tests::write(file, "old");
  }
  const SweepDirectory anew = SweepDirectory::create(folder / "sweep");
  for (const std::string& file : files) EXPECT_FALSE(fs::exists(file)) << file;
  EXPECT_TRUE(fs::exists(anew.paths().trials()));
  EXPECT_TRUE(fs::exists(anew.claims()));
}

}  // namespace
}  // namespace shoal
