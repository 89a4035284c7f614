#include "show/report/html.hpp"

#include <fmt/format.h>

namespace shoal {
namespace {

bool is_number(std::string_view cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789+-.e") == std::string_view::npos;
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      default: html += c;
    }
  }
  return html;
}

std::string to_html(const HtmlTable& table) {
  // Wide tables scroll in a box of their own, which the keyboard reaches.
  std::string html =
      fmt::format("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table{}>",
                  html_text(table.caption), table.id.empty() ? "" : fmt::format(" id=\"{}\"", html_text(table.id)));
  html += fmt::format("<caption{}>{}</caption>", table.titled ? " class=\"heard\"" : "", html_text(table.caption));
  if (!table.headings.empty()) {
    html += "<thead><tr>";
    for (std::size_t c = 0; c < table.headings.size(); ++c)
      html += fmt::format("<th scope=\"col\"{}>{}</th>",
                          !table.rows.empty() && is_number(table.rows.front()[c]) ? " class=\"n\"" : "",
                          html_text(table.headings[c]));
    html += "</tr></thead>";
  }
  html += "<tbody>\n";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    html += r < table.row_attributes.size() ? fmt::format("<tr{}>", table.row_attributes[r]) : "<tr>";
    for (std::size_t c = 0; c < table.rows[r].size(); ++c) {
      const std::string& cell = table.rows[r][c];
      if (c == 0 && table.headings.empty()) {
        html += fmt::format("<th scope=\"row\">{}</th>", html_text(cell));
      } else {
        html += fmt::format("<td{}>{}</td>", !table.headings.empty() && is_number(cell) ? " class=\"n\"" : "",
                            html_text(cell));
      }
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace shoal
