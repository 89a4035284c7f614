#include "shoal/comm/alike.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mpi_test.hpp"

namespace shoal {
namespace {

using testing::HasSubstr;

/// The message on this rank, or "" where all texts are alike.
std::string refusal(const std::string& text) {
  try {
    require_alike(test_world(), "the weather", text, ExitStatus::bad_data, "move closer");
    return "";
  } catch (const SharedError& e) {
    EXPECT_EQ(e.status(), ExitStatus::bad_data);
    return e.what();
  }
}

TEST(RequireAlike, EqualTextsPass) {
  EXPECT_EQ(refusal(""), "");
  EXPECT_EQ(refusal("sun\nwind\n"), "");
}

TEST(RequireAlike, TheFirstLineThatDiffersIsShownWithRanksAndHosts) {
  const int last = test_world().size() - 1;
  const bool odd = last > 0 && test_world().rank() == last;
  const std::string message = refusal(odd ? "sun\nrain\nwind" : "sun\nsnow\nwind");
  if (last == 0) {
    EXPECT_EQ(message, "");
    return;
  }
  EXPECT_TRUE(all_equal(message));
  EXPECT_THAT(message, HasSubstr("the weather differs between ranks: snow on rank"));
  EXPECT_THAT(message, HasSubstr("; rain on rank " + std::to_string(last) + " ("));
  EXPECT_THAT(message, HasSubstr("; move closer"));
  EXPECT_THAT(message, testing::Not(HasSubstr("sun")));
  EXPECT_EQ(test_world().all_max(test_world().rank()), last) << "all can go on to end in good order";
}

TEST(RequireAlike, ALineThatIsMissingDiffers) {
  const int last = test_world().size() - 1;
  const bool odd = last > 0 && test_world().rank() == last;
  const std::string message = refusal(odd ? "sun" : "sun\nsnow");
  if (last > 0) {
    EXPECT_THAT(message, HasSubstr("nothing on rank " + std::to_string(last)));
  }
}

TEST(RequireAlike, OfManyRanksSomeAreNamed) {
  const std::string message = refusal(std::to_string(test_world().rank()));
  EXPECT_EQ(message.empty(), test_world().size() == 1);
}

}  // namespace
}  // namespace shoal
