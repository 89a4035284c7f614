#include "tune/start/sweep_folder.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "shoal/comm/alike.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/train/kernel_check.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::string fingerprint(const SweepTask& task) {
  const std::string names = Json(task.data.description.class_names).text();
  return fmt::format("content {}\nkernel_hash {}\nclasses {}\n", task.data.description.content, kernel_hash(), names);
}

/// What a fingerprint says of `what`; nothing where it is of a version that did not say so.
std::string part_of(const std::string& fingerprint, const std::string& what) {
  std::istringstream lines(fingerprint);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(what + " ")) return line.substr(what.size() + 1);
  }
  return "";
}

}  // namespace

SweepDirectory take_folder(const SweepRequestPlan& plan, const SweepTask& task) {
  SweepDirectory directory = plan.goes_on ? SweepDirectory::open(plan.folder)
                             : plan.folder_base.empty()
                                 ? SweepDirectory::create(plan.folder)
                                 : SweepDirectory::create(RunDirectory::make_next(plan.folder_base));
  const SweepPaths& paths = directory.paths();
  const std::string mine = fingerprint(task);
  std::vector<std::pair<std::string, std::string>> files;
  if (plan.goes_on) {
    const std::string kept = read_text(paths.fingerprint());
    const auto differs = [&](const std::string& what) { return part_of(kept, what) != part_of(mine, what); };
    if (differs("content"))
      throw Error(ExitStatus::bad_data,
                  fmt::format("the sweep in {} was begun on other data than {}; name the same data with data.file",
                              plan.folder, plan.config.data.file));
    if (!part_of(kept, "classes").empty() && differs("classes"))
      throw Error(
          ExitStatus::bad_data,
          fmt::format("the classes of {} are called {}, and were called {} when the sweep in {} was begun; name "
                      "the data as it was with data.file",
                      plan.config.data.file, part_of(mine, "classes"), part_of(kept, "classes"), plan.folder));
    if (differs("kernel_hash"))
      log_warning(
          fmt::format("this processor or build does not compute the bits of the one that began the sweep in {}; its "
                      "trials are not alike",
                      plan.folder));
  } else {
    files.emplace_back(paths.fingerprint(), mine);
  }
  files.emplace_back(paths.config(), to_toml(plan.config));  // last: from here on the folder holds a sweep
  directory.write(files);
  return directory;
}

void check_folder(const std::string& claims, const Communicator& world) {
  constexpr int most_looks = 20;  // network file systems may show new folders late
  std::error_code none;
  bool there = fs::exists(claims, none);
  for (int look = 1; !there && look < most_looks; ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    there = fs::exists(claims, none);
  }
  require_alike(world, "the folder of the sweep", there ? "there is " + claims : "there is no " + claims,
                ExitStatus::input_output, "name a folder that all hosts share with --run");
}

}  // namespace shoal
