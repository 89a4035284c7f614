#include "show/serve/request_buffer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shoal {
namespace {

constexpr const char* two_requests =
    "POST /a HTTP/1.1\r\nContent-LENGTH:  3 \r\n\r\nxyz"
    "GET /api/runs?version=3 HTTP/1.1\r\nHost: localhost:1\r\nAccept: */*\r\n\r\n";

TEST(RequestBuffer, TakesARequestByteByByteAndLeavesTheNext) {
  const std::string two = two_requests;
  RequestBuffer buffer;
  for (std::size_t i = 0; i < two.size(); ++i) {
    buffer.add(two.substr(i, 1));
    const auto request = buffer.take();
    if (i + 1 == two.find("GET")) {
      ASSERT_TRUE(request.has_value());
      EXPECT_EQ(request->body, "xyz");
      EXPECT_EQ(request->head, "POST /a HTTP/1.1\r\n\r\n") << "what nobody reads is not passed on";
      EXPECT_FALSE(request->close);
    } else if (i + 1 == two.size()) {
      ASSERT_TRUE(request.has_value());
      EXPECT_EQ(request->head, "GET /api/runs?version=3 HTTP/1.1\r\nHost: localhost:1\r\n\r\n");
    } else {
      EXPECT_FALSE(request.has_value()) << i;
    }
    EXPECT_EQ(buffer.refusal(), 0);
  }
  EXPECT_TRUE(buffer.empty());
}

TEST(RequestBuffer, KnowsWhenAConnectionIsToEnd) {
  for (const std::string text : {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"}) {
    RequestBuffer buffer;
    buffer.add(text);
    const auto request = buffer.take();
    ASSERT_TRUE(request.has_value()) << text;
    EXPECT_TRUE(request->close) << text;
  }
}

int refusal_of(const std::string& text) {
  RequestBuffer buffer;
  buffer.add(text);
  EXPECT_FALSE(buffer.take().has_value()) << text.substr(0, 200);
  EXPECT_FALSE(buffer.take().has_value()) << "and it stays so";
  return buffer.refusal();
}

TEST(RequestBuffer, RefusesAsSoonAsItCan) {
  const std::string post = "POST / HTTP/1.1\r\n";
  EXPECT_EQ(refusal_of(post + "Content-Length: 65537\r\n\r\n"), 413);
  EXPECT_EQ(refusal_of(post + "Content-Length: 65536\r\n\r\n"), 0) << "it is to come";
  EXPECT_EQ(refusal_of(post + "Content-Length: 18446744073709551617\r\n\r\n"), 413);
  for (const std::string length : {"", " ", "-1", "+1", "0x10", "1 2", "1,1", "1;"})
    EXPECT_EQ(refusal_of(post + "Content-Length:" + length + "\r\n\r\n"), 400) << length;
  EXPECT_EQ(refusal_of(post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of(post + "transfer-encoding: chunked\r\n\r\n"), 411);
  EXPECT_EQ(refusal_of(post + "Host : x\r\n\r\n"), 400) << "names of two readings";
  EXPECT_EQ(refusal_of(post + " folded\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of(post + "no colon\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of(post + ": no name\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of(post + std::string("a: \0b\r\n\r\n", 9)), 400);
  EXPECT_EQ(refusal_of(post + "a: b\nc: d\r\n\r\n"), 400) << "a bare line feed";
  EXPECT_EQ(refusal_of(std::string(RequestBuffer::most_head_bytes + 1, 'x')), 431);
  EXPECT_EQ(refusal_of(post + "a: " + std::string(RequestBuffer::most_head_bytes, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(refusal_of(std::string(RequestBuffer::most_head_bytes - 1, 'x')), 0) << "not yet";
}

}  // namespace
}  // namespace shoal
