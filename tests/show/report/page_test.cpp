#include "show/report/page.hpp"

#include <gmock/gmock.h>

namespace shoal {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Page, HoldsD3WithItsLicenceAndAsksForNothing) {
  const std::string page = report_page("a <b>", "<p>tables</p>", Json::object({{"runs", Json::array()}}));
  EXPECT_THAT(page, StartsWith("<!DOCTYPE html>\n<!-- shoal report -->\n"));
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy\" content=\"default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("Mike Bostock"));
  EXPECT_THAT(page, HasSubstr("Redistribution and use in source and binary forms"));
  EXPECT_THAT(page, HasSubstr("<title>\na &lt;b&gt;</title>"));
  EXPECT_THAT(page, Not(HasSubstr("<script src")));
  EXPECT_THAT(page, Not(HasSubstr("<link")));
  EXPECT_EQ(page, report_page("a <b>", "<p>tables</p>", Json::object({{"runs", Json::array()}})));
}

TEST(Page, NoMarkupInTheDataEndsItsElement) {
  const std::string text = script_json(Json::object({{"name", "</script><!--<script>"}}));
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_EQ(Json::parse(text).at("name").string(), "</script><!--<script>");
}

TEST(Page, NoScriptOfOursEndsItsElement) { EXPECT_THAT(page_script(), Not(HasSubstr("</script"))); }

}  // namespace
}  // namespace shoal
