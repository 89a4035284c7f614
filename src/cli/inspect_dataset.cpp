#include <fmt/format.h>

#include "cli/inspect.hpp"
#include "cli/output.hpp"
#include "shoal/core/json.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/names.hpp"

namespace shoal {
namespace {

std::string y_text(const Split& split) {
  if (split.has_labels()) return "labels";
  if (split.has_targets()) return fmt::format("{} {}", split.outputs(), split.outputs() == 1 ? "output" : "outputs");
  return "none";
}

std::string dataset_json(const Dataset& data, const std::string& source, const std::string& understood) {
  Json splits = Json::object();
  for (const std::string& name : data.names()) {
    const Split split = data.split(name);
    splits.set(name, Json::object({{"rows", split.rows()},
                                   {"shape", data.shape()},
                                   {"element_type", element_name(split.element_type())},
                                   {"labels", split.has_labels()},
                                   {"outputs", split.outputs()}}));
  }
  Json json = Json::object({
      {"kind", "dataset"},
      {"splits", splits},
      {"shape", data.shape()},
      {"classes", data.classes()},
      {"class_names", data.class_names()},
      {"target_names", data.target_names()},
      {"source", source},
      {"content", data.content()},
  });
  if (!understood.empty()) json.set("understood", understood);
  return json.text(2) + '\n';
}

std::string dataset_text(const Dataset& data, const std::string& source, const std::string& understood) {
  std::vector<std::vector<std::string>> splits{{"split", "rows", "x", "type", "y"}};
  for (const std::string& name : data.names()) {
    const Split split = data.split(name);
    splits.push_back({name, std::to_string(split.rows()), shape_text(data.shape()),
                      std::string(element_name(split.element_type())), y_text(split)});
  }
  std::vector<std::vector<std::string>> rows{{"data set", data.path()},
                                             {"classes", classes_text(data.class_names())},
                                             {"source", source.empty() ? "not said" : source},
                                             {"content", data.content()}};
  if (!data.target_names().empty()) rows.insert(rows.begin() + 2, {"targets", classes_text(data.target_names())});
  return align(rows) + '\n' + align(splits) + (understood.empty() ? "" : '\n' + understood);
}

}  // namespace

std::string inspect_dataset(const std::string& path, bool json) {
  const Dataset data = Dataset::open(path);
  const std::string source = H5Reader(path).attribute<std::string>("source").value_or("");
  const auto kept = read_names(H5Reader(path), "understood");
  const std::string understood = kept && !kept->empty() ? kept->front() : "";
  return json ? dataset_json(data, source, understood) : dataset_text(data, source, understood);
}

}  // namespace shoal
