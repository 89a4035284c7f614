#include "show/report/page.hpp"

#include <gmock/gmock.h>

#include "show/report/tables.hpp"

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

/// A run that was evaluated after steps 1 and 2.
Json compared_run(const std::string& name, const std::string& split, std::int64_t best) {
  const Json evaluations = Json::object({{"split", split},
                                         {"step", Json::array({1, 2})},
                                         {"epoch", Json::array({1, 2})},
                                         {"loss", Json::array({0.25, 0.75})}});
  return Json::object({{"name", name},
                       {"evaluations", evaluations},
                       {"best", best},
                       {"config", Json::array()},
                       {"facts", Json::array()}});
}

TEST(Page, RunsAreComparedAtTheirBestAndSayOnWhat) {
  const std::string page = comparison_tables(
      {compared_run("held", "validation", 1), compared_run("none", "train", 2), compared_run("torn", "validation", 3)});
  const std::string results = page.substr(0, page.find("</table>"));
  EXPECT_THAT(results, HasSubstr("split"));
  EXPECT_THAT(results, HasSubstr("validation"));
  EXPECT_THAT(results, HasSubstr("train"));
  const std::string of_last = results.substr(results.find("torn"));
  EXPECT_THAT(of_last, Not(HasSubstr("0.75"))) << "an evaluation that is not its best";
}

}  // namespace
}  // namespace shoal
