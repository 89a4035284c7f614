#include "show/serve/request_buffer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace shoal {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";

bool is_name(std::string_view given, std::string_view name) {
  return std::equal(given.begin(), given.end(), name.begin(), name.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

/// Others are of no use here, and may make the parser do what nobody asked for: ranges, compression.
bool is_read(std::string_view name) {
  static constexpr std::array<std::string_view, 6> read = {"host",         "origin",        "sec-fetch-site",
                                                           "content-type", "x-shoal-token", "connection"};
  return std::any_of(read.begin(), read.end(), [&](std::string_view other) { return is_name(name, other); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

}  // namespace

/// `head`: the lines, each with its end.
void RequestBuffer::read_head(std::string_view head) {
  request_ = {};
  body_bytes_ = 0;
  bool sized = false;
  const std::size_t first_end = head.find(line_end) + line_end.size();
  request_.head = head.substr(0, first_end);
  request_.close = !request_.head.ends_with(" HTTP/1.1\r\n");
  for (std::string_view rest = head.substr(first_end); !rest.empty();) {
    const std::size_t end = rest.find(line_end) + line_end.size();
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    const std::size_t colon = line.find(':');
    const bool clean = std::all_of(line.begin(), line.end() - 2, [](char c) {
      return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
    });
    if (colon == std::string_view::npos || colon == 0 || !clean || line.find_first_of(" \t") < colon) {
      refusal_ = 400;
      return;
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1, line.size() - colon - 1 - line_end.size()));
    if (is_name(name, "transfer-encoding")) refusal_ = 411;  // the size of a body is told before it
    if (is_name(name, "content-length")) {
      const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), body_bytes_);
      const bool whole = !value.empty() && stop == value.data() + value.size();
      if (sized || (!whole && error != std::errc::result_out_of_range)) refusal_ = 400;
      if (error == std::errc::result_out_of_range || body_bytes_ > most_body_bytes) refusal_ = 413;
      sized = true;
    }
    if (is_name(name, "connection") && is_name(value, "close")) request_.close = true;
    if (is_read(name)) request_.head += line;
    if (refusal_ != 0) return;
  }
  request_.head += line_end;
}

std::optional<RequestBuffer::Request> RequestBuffer::take() {
  if (refusal_ != 0) return std::nullopt;
  if (head_bytes_ == 0) {
    const std::size_t end = bytes_.find(head_end);
    if (std::min(end, bytes_.size()) > most_head_bytes) refusal_ = 431;
    if (end == std::string::npos || refusal_ != 0) return std::nullopt;
    head_bytes_ = end + head_end.size();
    read_head(std::string_view(bytes_).substr(0, end + line_end.size()));
    if (refusal_ != 0) return std::nullopt;
  }
  if (bytes_.size() < head_bytes_ + body_bytes_) return std::nullopt;
  request_.body = bytes_.substr(head_bytes_, body_bytes_);
  bytes_.erase(0, head_bytes_ + body_bytes_);
  head_bytes_ = 0;
  return std::exchange(request_, {});
}

}  // namespace shoal
