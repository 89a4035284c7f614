#include "show/serve/page.hpp"

#include <string>

#include "show/report/page.hpp"

namespace shoal {

std::optional<PageFile> page_file(std::string_view path) {
  if (path == "/") return PageFile{"text/html; charset=utf-8", std::string(page_asset("serve.html"))};
  if (path == "/serve.css")
    return PageFile{"text/css; charset=utf-8", std::string(page_asset("page.css")) += page_asset("serve.css")};
  if (path == "/serve.js") return PageFile{"text/javascript; charset=utf-8", page_script() += page_asset("serve.js")};
  return std::nullopt;
}

}  // namespace shoal
