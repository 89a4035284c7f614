#include "shoal/core/json.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace shoal {
namespace {

TEST(Json, IsWrittenInTheOrderInWhichItWasMade) {
  Json json = Json::object({{"z", 1}, {"a", 0.5}, {"list", std::vector<std::int64_t>{3, 4}}});
  json.set("none", std::optional<double>()).set("z", true);
  EXPECT_EQ(json.text(), R"({"z":true,"a":0.5,"list":[3,4],"none":null})");
  EXPECT_EQ(Json::parse(json.text()), json);
}

TEST(Json, IsWrittenWithALineAMember) {
  const Json json = Json::object({{"a", Json::array({1, Json::object()})}, {"none", Json::array()}, {"b", "x"}});
  EXPECT_EQ(json.text(2), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"none\": [],\n  \"b\": \"x\"\n}");
}

TEST(Json, WritesNumbersAsItIsTold) {
  const double third = 1.0 / 3.0;
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Json::array({2.0, Json::shortest(2.0), Json::shortest(third, 9), Json::shortest(infinity)}).text(),
            "[2.0,2,0.333333333,null]");
  EXPECT_EQ(Json::array({Json::verbatim("0.500000"), Json::shortest(third)}).text(), "[0.500000,0.3333333333333333]");
}

TEST(Json, TellsWholeNumbersFromReals) {
  const Json json = Json::parse(R"([3, 3.0, 18446744073709551615])");
  EXPECT_EQ(json.at(0).integer(), 3);
  EXPECT_EQ(json.at(0).number(), 3.0);
  EXPECT_THROW(json.at(1).integer(), JsonError);
  EXPECT_EQ(json.at(1).text(), "3.0");
  EXPECT_EQ(json.at(2).number(), 18446744073709551615.0);
}

TEST(Json, HasNoNumberThatIsNotFinite) { EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).text(), "null"); }

TEST(Json, ReplacesBytesThatAreNoText) { EXPECT_EQ(Json("a\xff").text(), "\"a\xef\xbf\xbd\""); }

TEST(Json, SaysWhatIsMissingOrOfAnotherType) {
  const Json json = Json::parse(R"({"a": "text"})");
  EXPECT_EQ(json.find("b"), nullptr);
  EXPECT_THROW(json.at("b"), JsonError);
  EXPECT_THROW(json.at("a").number(), JsonError);
  EXPECT_THROW(json.at(std::size_t{0}), JsonError);
  EXPECT_THROW(Json::parse("{"), JsonError);
  EXPECT_FALSE(Json::valid("{"));
}

TEST(Json, DoesNotFollowNestingThatNobodyMeans) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THROW(Json::parse(deep), JsonError);
}

}  // namespace
}  // namespace shoal
