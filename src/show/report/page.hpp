#pragma once

#include <string>
#include <string_view>

#include "shoal/core/json.hpp"

namespace shoal {

/// A file that was put into the binary: d3.min.js, d3-licence.txt, page.css, and the scripts of this folder.
std::string_view page_asset(std::string_view name);

/// What every page of shoal begins with, before its own script: d3 with its licence, and the functions that draw.
/// They take an element of the page and an object of run_json() or sweep_json():
///   shoal.drawRun(element, run)  shoal.drawRuns(element, [run, ...])  shoal.drawSweep(element, sweep)
/// Each empties the element and draws anew, so a live page may call it as often as it likes.
std::string page_script();

/// A value as the content of a <script> element: no markup in it ends that.
std::string script_json(const Json& value);

/// A whole page of one file that asks for nothing else.
/// @param title   a text
/// @param tables  HTML: what there is to read without the script
/// @param data    {"runs": [...]} or {"sweep": ...}
std::string report_page(const std::string& title, const std::string& tables, const Json& data);

}  // namespace shoal
