#include "data/split/split_parts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/refuse.hpp"

namespace shoal {
namespace {

/// Rows of both go one way through a training. All splits of a file have rows of one shape, and y of one kind.
template <class Arrays>
void check_joinable(const std::string& path, const Arrays& a, const Arrays& b) {
  if (a.x.type != b.x.type)
    refuse(path, fmt::format("{}/x is {} and {}/x {}; store both as one type, to take their rows together", a.name,
                             element_name(a.x.type), b.name, element_name(b.x.type)));
  const auto need_both = [&](const char* array, bool of_a, bool of_b) {
    if (of_a == of_b) return;
    refuse(path, fmt::format("{}/{} is there, and {}/{} is not; give both such an array, or none, to take their rows "
                             "together",
                             of_a ? a.name : b.name, array, of_a ? b.name : a.name, array));
  };
  need_both("y", a.y.has_value(), b.y.has_value());
  need_both("weight", a.weight.has_value(), b.weight.has_value());
}

}  // namespace

Split::Parts::Parts(const Contents& contents, const std::vector<std::string>& names)
    : name(fmt::format("{}", fmt::join(names, " + "))) {
  for (const std::string& one : names) {
    const auto found = std::ranges::find(contents.splits, one, &Contents::Arrays::name);
    if (found == contents.splits.end()) {
      std::vector<std::string> known;
      for (const Contents::Arrays& arrays : contents.splits) known.push_back(arrays.name);
      refuse(contents.path, fmt::format("no split \"{}\"; there are {}", one, fmt::join(known, ", ")));
    }
    if (std::ranges::find(all, &*found, &Part::arrays) != all.end())
      refuse(contents.path, fmt::format("the split \"{}\" is named twice; its rows are taken once", one));
    if (!all.empty()) check_joinable(contents.path, front(), *found);
    all.push_back({&*found, rows, stored_bytes});
    rows += found->x.rows();
    stored_bytes += found->stored_bytes();
  }
}

}  // namespace shoal
