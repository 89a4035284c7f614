#include "show/report/html.hpp"

#include <gmock/gmock.h>

#include "shoal/core/shell_word.hpp"

namespace shoal {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Html, MarkupInTextsIsText) {
  EXPECT_EQ(html_text("<b a=\"1\" c='2'>&"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
  const std::string table = to_html({"a\"><script>", {"<h>"}, {{"</td>"}}});
  EXPECT_THAT(table, Not(HasSubstr("<script>")));
  EXPECT_THAT(table, HasSubstr("<td>&lt;/td&gt;</td>"));
  EXPECT_THAT(table, HasSubstr("aria-label=\"a&quot;&gt;&lt;script&gt;\""));
}

TEST(Html, NumbersStandToTheRightAndRowsAreHeadedWithoutAHeading) {
  EXPECT_THAT(to_html({"t", {"key", "value"}, {{"a", "-1.5e-3"}}}),
              HasSubstr("<td>a</td><td class=\"n\">-1.5e-3</td>"));
  EXPECT_THAT(to_html({"t", {}, {{"a", "1"}}}), HasSubstr("<th scope=\"row\">a</th><td>1</td>"));
}

TEST(ShellWord, IsQuotedWhereItHasToBe) {
  EXPECT_EQ(shell_word("runs/a-2.h5"), "runs/a-2.h5");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's;$(x)"), "'it'\\''s;$(x)'");
}

}  // namespace
}  // namespace shoal
