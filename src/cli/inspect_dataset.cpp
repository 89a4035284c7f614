#include <fmt/format.h>

#include "cli/inspect.hpp"
#include "cli/output.hpp"
#include "shoal/core/json.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {
namespace {

std::string y_text(const Split& split) {
  if (split.has_labels()) return "labels";
  if (split.has_targets()) return fmt::format("{} {}", split.outputs(), split.outputs() == 1 ? "output" : "outputs");
  return "none";
}

std::string as_json(const Dataset& data, const std::string& source) {
  Json splits = Json::object();
  for (const std::string& name : data.names()) {
    const Split split = data.split(name);
    splits.set(name, Json::object({{"rows", split.rows()},
                                   {"shape", data.shape()},
                                   {"element_type", element_name(split.element_type())},
                                   {"labels", split.has_labels()},
                                   {"outputs", split.outputs()}}));
  }
  const Json json = Json::object({
      {"kind", "dataset"},
      {"splits", splits},
      {"shape", data.shape()},
      {"classes", data.classes()},
      {"class_names", data.class_names()},
      {"source", source},
      {"content", data.content()},
  });
  return json.text(2) + '\n';
}

std::string as_text(const Dataset& data, const std::string& source) {
  std::vector<std::vector<std::string>> splits{{"split", "rows", "x", "type", "y"}};
  for (const std::string& name : data.names()) {
    const Split split = data.split(name);
    splits.push_back({name, std::to_string(split.rows()), shape_text(data.shape()),
                      std::string(element_name(split.element_type())), y_text(split)});
  }
  return align({{"data set", data.path()},
                {"classes", classes_text(data.class_names())},
                {"source", source.empty() ? "not said" : source},
                {"content", data.content()}}) +
         '\n' + align(splits);
}

}  // namespace

std::string inspect_dataset(const std::string& path, bool json) {
  const Dataset data = Dataset::open(path);
  const std::string source = H5Reader(path).attribute<std::string>("source").value_or("");
  return json ? as_json(data, source) : as_text(data, source);
}

}  // namespace shoal
