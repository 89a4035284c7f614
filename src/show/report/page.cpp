#include "show/report/page.hpp"

#include <fmt/format.h>

#include "shoal/core/version.hpp"
#include "shoal/run/output_file.hpp"
#include "show/report/html.hpp"

namespace shoal {
namespace {

constexpr std::string_view policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

std::string element(std::string_view tag, std::string_view content) {
  return fmt::format("<{0}>\n{1}</{0}>\n", tag, content);
}

}  // namespace

std::string page_script() {
  std::string script =
      fmt::format("/* d3: charts. Its licence:\n\n{}*/\n{}\n", page_asset("d3-licence.txt"), page_asset("d3.min.js"));
  for (const char* name : {"chart.js", "run.js", "judgement.js", "parallel.js", "sweep.js"}) script += page_asset(name);
  return script;
}

std::string script_json(const Json& value) {
  std::string text;
  for (const char c : value.text()) {
    if (c == '<') {  // stands in strings alone
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

std::string report_page(const std::string& title, const std::string& tables, const Json& data) {
  std::string page(report_start);
  page += "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page += fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n", policy);
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  page += "<meta name=\"color-scheme\" content=\"light dark\">\n";
  page += fmt::format("<meta name=\"generator\" content=\"shoal {}\">\n", version());
  page += element("title", html_text(title));
  page += element("style", page_asset("page.css"));
  page += "</head>\n<body>\n";
  page += fmt::format("<header><h1>{}</h1></header>\n<main>\n", html_text(title));
  page +=
      "<noscript><p class=\"note\">The charts need the script in this file; the tables below do not.</p></noscript>\n";
  page += "<div id=\"charts\"></div>\n";
  page += tables + "</main>\n";
  page += fmt::format("<footer>Made by shoal {}. Charts by d3.</footer>\n", html_text(version()));
  page += fmt::format("<script type=\"application/json\" id=\"data\">{}</script>\n", script_json(data));
  page += element("script", page_script());
  page += element("script", page_asset("page.js"));
  return page + "</body>\n</html>\n";
}

}  // namespace shoal
