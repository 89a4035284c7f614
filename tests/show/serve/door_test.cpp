#include "show/serve/door.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace shoal {
namespace {

bool comes_in(const Door& door, const std::string& host, std::map<std::string, std::string> headers = {}) {
  headers["host"] = host;
  return !door.refuses({"GET", "/api/runs", {}, headers, ""}).has_value();
}

TEST(Door, LetsThoseOfTheLinkIn) {
  const Door door(8765, "");
  EXPECT_EQ(door.authority(), "127.0.0.1:8765");
  for (const char* host : {"127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765"})
    EXPECT_TRUE(comes_in(door, host)) << host;
  for (const char* host : {"", "localhost", "localhost:", "localhost:08765", "localhost:8765 ", "localhost:8765:8765",
                           "[::1", "[::1]", "[::1]8765", "example.org:8765", "127.0.0.2:8765", "localhost.:8765"})
    EXPECT_FALSE(comes_in(door, host)) << host;
  EXPECT_TRUE(comes_in(Door(80, ""), "localhost")) << "as browsers leave that port out";
}

TEST(Door, AUnixSocketHasAnyPortOfLoopback) {
  const Door door(0, "");
  for (const char* host : {"localhost", "localhost:1", "127.0.0.1:65535"}) EXPECT_TRUE(comes_in(door, host)) << host;
  for (const char* host : {"example.org", "localhost:x", "localhost.example.org"})
    EXPECT_FALSE(comes_in(door, host)) << host;
}

TEST(Door, AnotherHostIsOneMoreName) {
  EXPECT_TRUE(comes_in(Door(1, "node7.cluster"), "Node7.cluster:1"));
  EXPECT_TRUE(comes_in(Door(1, "fe80::1"), "[fe80::1]:1"));
  EXPECT_FALSE(comes_in(Door(1, "node7.cluster"), "10.0.0.7:1"));
  for (const char* any : {"0.0.0.0", "::"}) {
    EXPECT_TRUE(comes_in(Door(1, any), "10.0.0.7:1")) << any;
    EXPECT_TRUE(comes_in(Door(1, any), "[fe80::1]:1")) << any;
    EXPECT_FALSE(comes_in(Door(1, any), "example.org:1")) << "a name that somebody lets point here";
  }
}

TEST(Door, OtherPagesStayOutside) {
  const Door door(1, "");
  EXPECT_TRUE(comes_in(door, "localhost:1", {{"origin", "http://localhost:1"}, {"sec-fetch-site", "same-origin"}}));
  EXPECT_TRUE(comes_in(door, "localhost:1", {{"sec-fetch-site", "none"}}));
  for (const char* origin : {"null", "", "http://localhost", "https://localhost:1", "http://127.0.0.1:1"})
    EXPECT_FALSE(comes_in(door, "localhost:1", {{"origin", origin}})) << origin;
  for (const char* site : {"cross-site", "same-site", "?"})
    EXPECT_FALSE(comes_in(door, "localhost:1", {{"sec-fetch-site", site}})) << site;
  const HttpRequest followed{"GET", "/", {}, {{"host", "localhost:1"}, {"sec-fetch-site", "cross-site"}}, ""};
  EXPECT_FALSE(door.refuses(followed).has_value()) << "a link that was clicked in a mail";
}

TEST(Door, ATokenIsNewAndWhole) {
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) tokens.insert(Door(1, "").token());
  EXPECT_EQ(tokens.size(), 100U);
  const Door door(1, "");
  const auto known = [&](const std::string& token) {
    return door.knows_token({"GET", "/", {}, {{Door::token_header, token}}, ""});
  };
  EXPECT_EQ(door.token().size(), 32U);
  EXPECT_TRUE(known(door.token()));
  for (const std::string& wrong : {std::string(), door.token().substr(1), door.token() + "0",
                                   door.token() + door.token(), std::string(32, '0'), std::string(32, '\0')})
    EXPECT_FALSE(known(wrong)) << wrong;
  EXPECT_FALSE(door.knows_token({"GET", "/", {}, {}, ""}));
}

}  // namespace
}  // namespace shoal
