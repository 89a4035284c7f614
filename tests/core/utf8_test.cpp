#include "shoal/core/utf8.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Utf8, TakesCharactersOfEveryLength) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("/home/a b"));
  EXPECT_TRUE(is_utf8("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9F"));
  EXPECT_TRUE(is_utf8("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"));  // beside surrogates, and the last of all
}

TEST(Utf8, KnowsWhatIsNone) {
  for (const char* text :
       {"caf\xE9", "\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xED\xA0\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2\x82", "\xE2\x82/", "\xF0\x9F\x90", "\xFF"}) {
    EXPECT_FALSE(is_utf8(text)) << escape_non_utf8(text);
  }
}

TEST(Utf8, ShowsOtherBytesByNumber) {
  EXPECT_EQ(escape_non_utf8("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(escape_non_utf8("/tmp/caf\xE9/d.h5"), "/tmp/caf\\xE9/d.h5");
  EXPECT_EQ(escape_non_utf8("\xE2\x82"), "\\xE2\\x82");
}

}  // namespace
}  // namespace shoal
