#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shoal {

struct PageFile {
  std::string type;
  std::string text;
};

/// A part of the page, by its path: "/", "/serve.js", "/serve.css". It is the same for everybody, and holds no run.
std::optional<PageFile> page_file(std::string_view path);

}  // namespace shoal
