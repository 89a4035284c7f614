#include "shoal/run/output_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "shoal/core/error.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/run/run_directory.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

// What runs and sweeps write and read again. Other files in their folders are the user's.
constexpr std::array<std::string_view, 9> of_a_run = {"config.toml", "metrics.jsonl", "nudges.jsonl",
                                                      "fingerprint", "lock",          "sweep.csv",
                                                      "sweep.jsonl", "sweep.h5",      "times.jsonl"};

bool belongs_to_a_run(const std::string& name) {
  const bool journal = name.starts_with("journal") && name.ends_with(".jsonl");  // one of each rank of a sweep
  return journal || std::find(of_a_run.begin(), of_a_run.end(), name) != of_a_run.end();
}

[[noreturn]] void refuse(const std::string& out, const std::string& what) {
  throw Error(ExitStatus::usage, fmt::format("{} {}; name another file to write", out, what));
}

}  // namespace

void check_output_file(const std::string& out, const std::vector<std::string>& inputs) {
  std::error_code none;
  if (!fs::exists(out, none)) return;
  if (fs::is_directory(out, none)) refuse(out, "is a folder");
  for (const std::string& input : inputs) {
    if (fs::equivalent(out, input, none)) refuse(out, "is read here, and would be replaced");
  }
  if (looks_like_checkpoint(out)) refuse(out, "is a checkpoint, and would be replaced");
  const fs::path file = fs::absolute(out, none).lexically_normal();
  const std::string folder = file.parent_path().string();
  const bool in_use = RunDirectory::has_run(folder) || fs::exists(file.parent_path() / "config.toml", none);
  if (belongs_to_a_run(file.filename().string()) && in_use)
    refuse(out, fmt::format("belongs to the run in {}, and would be replaced", file.parent_path().string()));
}

}  // namespace shoal
