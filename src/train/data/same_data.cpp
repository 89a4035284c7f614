#include "shoal/train/same_data.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "shoal/comm/alike.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/host_name.hpp"

namespace shoal {
namespace {

/// In lines, of which the first that differs is shown.
std::string describe_data(const Dataset& data) {
  std::string text = "content " + data.content();
  for (const std::string& name : data.names())
    text += fmt::format(", {} {}", name, counted(data.split(name).rows(), "row"));
  text += fmt::format("\nrows of shape ({}), {} classes", fmt::join(data.shape(), ", "), data.classes());
  for (const std::string& name : data.names()) {
    const Split split = data.split(name);
    text += fmt::format("\n{}/x of {} bytes a row{}, ", name, split.row_bytes(),
                        is_floating(split.element_type()) ? ", floats" : "");
    text += split.has_targets() ? counted(split.outputs(), "output") : (split.has_labels() ? "labels" : "no y");
  }
  for (const std::string& name : data.class_names()) text += fmt::format("\na class \"{}\"", name);
  for (const std::string& name : data.target_names()) text += fmt::format("\na target \"{}\"", name);
  for (const std::string& name : data.columns()) text += fmt::format("\na column \"{}\"", name);
  return text;
}

}  // namespace

void require_same_data(const Dataset& data, const Communicator& comm, const std::string& split) {
  if (comm.size() == 1) return;
  std::string text;
  run_together(comm, [&] { text = "split \"" + split + "\"\n" + describe_data(data); });
  require_alike(comm, "the data in " + data.path(), text, ExitStatus::bad_data, "give all hosts the same file");
}

Dataset open_together(const std::string& path, const Communicator& comm, const std::string& name) {
  std::optional<Dataset> data;
  std::optional<Error> failure;
  run_together(comm, [&] {
    try {
      data = Dataset::open(path, name);
    } catch (const Error& e) {
      failure = e;
    }
  });
  const bool everywhere = comm.all_max(data ? 1 : 0) == 0;
  run_together(comm, [&] {
    if (!failure) return;
    throw everywhere ? *failure
                     : Error(failure->status(), fmt::format("{}; so it is on rank {} ({}), and not on all ranks: give "
                                                            "all hosts the same file",
                                                            failure->what(), comm.rank(), host_name()));
  });
  require_same_data(*data, comm);
  return *data;
}

}  // namespace shoal
