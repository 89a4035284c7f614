#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// A text as HTML shows it, in an element or in a quoted attribute.
std::string html_text(std::string_view text);

struct HtmlTable {
  std::string caption;
  std::vector<std::string> headings;  ///< empty: the first cell of each row is its heading
  std::vector<std::vector<std::string>> rows;
  std::string id = {};                           ///< of the element, for the script
  bool titled = false;                           ///< a heading above says the caption already: it is only heard
  std::vector<std::string> row_attributes = {};  ///< per row, as HTML: ` data-trial="3"`
};
/// Texts become HTML here. What looks like a number stands to the right.
std::string to_html(const HtmlTable& table);

}  // namespace shoal
