#include "shoal/run/digest_chain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <csignal>

#include "shoal/core/hash.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string three_lines() {
  DigestChain chain;
  std::string text;
  for (const std::int64_t step : {0, 4, 9}) text += chain.add({step, "d" + std::to_string(step)});
  EXPECT_EQ(text, chain.text());
  return text;
}

std::string with(std::string text, const std::string& what, const std::string& instead) {
  EXPECT_NE(text.find(what), std::string::npos);
  return text.replace(text.find(what), what.size(), instead);
}

TEST(DigestChain, EachLineHoldsTheHashOfTheOneBefore) {
  const std::string text = three_lines();
  const std::string first = R"({"step":0,"digest":"d0","before":""})";
  EXPECT_THAT(text, ::testing::StartsWith(first + "\n{\"step\":4,\"digest\":\"d4\",\"before\":\"" +
                                          Hash().add(first).hex() + "\"}\n"));
  const DigestChain read = DigestChain::parse(text, "x");
  EXPECT_THAT(read.records(), ElementsAre(DigestRecord{0, "d0"}, DigestRecord{4, "d4"}, DigestRecord{9, "d9"}));
  EXPECT_EQ(read.fault(), "");
  EXPECT_EQ(read.text(), text);
}

TEST(DigestChain, NamesTheFirstLineThatDoesNotFollow) {
  const std::string text = three_lines();
  const auto fault = [](const std::string& lines) { return DigestChain::parse(lines, "a/digests.jsonl").fault(); };
  EXPECT_THAT(fault(with(text, "\"d4\"", "\"d5\"")), HasSubstr("a/digests.jsonl:3: does not follow")) << "changed";
  const std::size_t second = text.find('\n') + 1;
  const std::size_t third = text.find('\n', second) + 1;
  EXPECT_THAT(fault(text.substr(0, second) + text.substr(third)), HasSubstr(":2: does not follow")) << "removed";
  EXPECT_THAT(fault(text.substr(second)), HasSubstr(":1: does not follow")) << "the first removed";
  EXPECT_THAT(fault(text + text.substr(third)), HasSubstr(":4: does not follow")) << "added";
  EXPECT_THAT(fault(text + "nonsense\n"), HasSubstr(":4: not the digest of a checkpoint"));
  EXPECT_THAT(fault(text + "{\"step\":-1,\"digest\":\"\",\"before\":\"\"}\n"), HasSubstr(":4: not the digest"));
  DigestChain backwards = DigestChain::parse(text, "x");
  EXPECT_THAT(fault(text + backwards.add({8, "d"})), HasSubstr(":4: step 8 is not after step 9"));
}

TEST(DigestChain, LeavesOutATornLastLineAlone) {
  const std::string text = three_lines();
  const DigestChain torn = DigestChain::parse(text.substr(0, text.size() - 1), "x");
  EXPECT_EQ(torn.records().size(), 2U);
  EXPECT_EQ(torn.fault(), "");
}

TEST(DigestChain, IsCutWhereARunGoesBackToWithItsFaults) {
  const std::string text = three_lines();
  DigestChain cut = DigestChain::parse(text, "x").up_to(8);
  EXPECT_THAT(cut.records(), ElementsAre(DigestRecord{0, "d0"}, DigestRecord{4, "d4"}));
  EXPECT_TRUE(cut.takes({5, "d4"}));
  EXPECT_FALSE(cut.takes({3, "d3"}));
  EXPECT_FALSE(cut.takes({4, "d4"}));
  cut.add({5, "other"});
  EXPECT_EQ(DigestChain::parse(cut.text(), "x").fault(), "");
  const DigestChain broken = DigestChain::parse(with(text, "\"d0\"", "\"d1\""), "x").up_to(4);
  EXPECT_THAT(DigestChain::parse(broken.text(), "x").fault(), HasSubstr(":2: does not follow")) << "still seen";
}

TEST(DigestLog, GoesOnWithTheLinesOfARunAndSaysNothingTwice) {
  const tests::TemporaryFolder folder;
  EXPECT_THAT(DigestChain::of_run(folder / "").records(), IsEmpty());
  {
    DigestLog log(folder / "");
    log.note({0, "a"});
    log.note({0, "a"});
  }
  DigestLog(folder / "").note({3, "b"});
  const DigestChain chain = DigestChain::of_run(folder / "");
  EXPECT_THAT(chain.records(), ElementsAre(DigestRecord{0, "a"}, DigestRecord{3, "b"}));
  EXPECT_EQ(chain.fault(), "");
}

TEST(DigestLog, KeepsBothDigestsOfAStepThatWasSavedOnceMore) {
  const tests::TemporaryFolder folder;
  {
    DigestLog log(folder / "");
    log.note({3, "a"});
    log.note({3, "b"});
    log.note({3, "b"});
  }
  const DigestChain chain = DigestChain::of_run(folder / "");
  EXPECT_THAT(chain.records(), ElementsAre(DigestRecord{3, "a"}, DigestRecord{3, "b"}));
  EXPECT_EQ(chain.fault(), "");
}

TEST(DigestLog, BringsALineThatCouldNotBeWrittenWithTheNext) {
  const tests::TemporaryFolder folder;
  DigestLog log(folder / "");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit nothing = before;
  nothing.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &nothing), 0);
  EXPECT_ANY_THROW(log.note({0, "a"})) << "as on a full disk";
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  log.note({2, "b"});
  const DigestChain chain = DigestChain::of_run(folder / "");
  EXPECT_THAT(chain.records(), ElementsAre(DigestRecord{0, "a"}, DigestRecord{2, "b"}));
  EXPECT_EQ(chain.fault(), "");
}

TEST(DigestLog, OfAnEarlierOwnerReachesTheFileOfTheNextNoMore) {
  const tests::TemporaryFolder folder;
  DigestLog earlier(folder / "");
  earlier.note({0, "a"});
  write_text_atomically(folder / "digests.jsonl", DigestChain::of_run(folder / "").text());
  earlier.note({5, "late"});
  EXPECT_THAT(DigestChain::of_run(folder / "").records(), ElementsAre(DigestRecord{0, "a"}));
}

}  // namespace
}  // namespace shoal
