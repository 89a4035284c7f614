#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "cli/doctor/examination.hpp"
#include "shoal/comm/launcher.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/host_name.hpp"
#include "shoal/core/json.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/memory_limit.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/kernel_check.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// "0-3,8" of a line of /proc/<process>/status; empty where the system does not say.
std::vector<int> processors_allowed(int process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::vector<int> processors;
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view name = "Cpus_allowed_list:";
    if (!line.starts_with(name)) continue;
    std::istringstream parts(line.substr(name.size()));
    int first = 0;
    while (parts >> first) {
      int last = first;
      if (parts.peek() == '-' && parts.get() != EOF) parts >> last;
      for (int p = first; p <= last; ++p) processors.push_back(p);
      if (parts.peek() == ',') parts.get();
    }
  }
  return processors;
}

/// Processors at a time, of version 2: the least of this group's and of those around it.
std::optional<double> quota_of_groups() {
  std::ifstream file("/proc/self/cgroup");
  std::optional<double> least;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("0::")) continue;
    for (fs::path group = fs::path("/sys/fs/cgroup") / fs::path(line.substr(3)).relative_path();
         group.string().starts_with("/sys/fs/cgroup"); group = group.parent_path()) {
      double quota = 0.0;
      double period = 0.0;
      if (std::ifstream(group / "cpu.max") >> quota >> period && period > 0.0)
        least = std::min(least.value_or(quota / period), quota / period);
    }
  }
  return least;
}

double gb_of_meminfo(const std::string& name) {
  std::ifstream file("/proc/meminfo");
  for (std::string key, rest; file >> key && std::getline(file, rest);) {
    if (key == name + ':') return std::strtod(rest.c_str(), nullptr) * 1024e-9;
  }
  return 0.0;
}

std::optional<double> shm_mb() {
  struct statfs found = {};
  if (::statfs("/dev/shm", &found) != 0) return std::nullopt;
  return static_cast<double>(found.f_blocks) * static_cast<double>(found.f_bsize) / 1048576.0;
}

/// a = b + 3 c of float64, 24 bytes an element, the fastest of some passes. All ranks begin together.
double memory_speed(const Communicator& world) {
  constexpr int passes = 4;
  const auto own = static_cast<std::size_t>(world.ranks_on_host());
  const std::size_t size = std::max<std::size_t>(std::size_t{1} << 20, (std::size_t{6} << 20) / own);
  std::vector<double> a(size);
  std::vector<double> b(size);
  std::vector<double> c(size);
  const std::int64_t parts = threads();
  const auto each_part = [&](const auto& work) {
    parallel_for(parts, [&](std::int64_t part) {
      const std::size_t first = size * static_cast<std::size_t>(part) / static_cast<std::size_t>(parts);
      const std::size_t last = size * static_cast<std::size_t>(part + 1) / static_cast<std::size_t>(parts);
      for (std::size_t i = first; i < last; ++i) work(i);
    });
  };
  each_part([&](std::size_t i) { b[i] = c[i] = static_cast<double>(i); });
  double best = 0.0;
  for (int pass = 0; pass < passes; ++pass) {
    world.barrier();
    const auto begun = std::chrono::steady_clock::now();
    each_part([&](std::size_t i) { a[i] = b[i] + 3.0 * c[i]; });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    best = std::max(best, static_cast<double>(size) * 24e-9 / seconds);
  }
  return best;
}

/// Between neighbours on the first host that has some, and between hosts.
std::vector<ExaminedLink> measure_links(const Communicator& world, const std::vector<std::string>& hosts) {
  constexpr std::size_t most = 16;
  std::vector<ExaminedLink> links;
  bool within = false;
  for (int r = 1; r < world.size() && links.size() < most; ++r) {
    const bool same = hosts[static_cast<std::size_t>(r)] == hosts[static_cast<std::size_t>(r - 1)];
    if (same && within) continue;
    within = within || same;
    links.push_back({r - 1, r, measure_link(world, r - 1, r)});
  }
  return links;
}

/// As each rank says it, by rank; on rank 0.
std::vector<Json> gather(const Communicator& world, const Json& mine) {
  const std::string text = mine.text();
  std::vector<Json> all;
  for (const auto& bytes : world.gather_bytes(std::as_bytes(std::span(text))))
    all.push_back(Json::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  return all;
}

std::vector<int> numbers_of(const Json& list) {
  std::vector<int> numbers;
  for (const Json& each : list.items()) numbers.push_back(static_cast<int>(each.integer()));
  return numbers;
}

Json json_of(const std::vector<int>& numbers) {
  Json list = Json::array();
  for (const int number : numbers) list.push(number);
  return list;
}

/// Whether what rank 0 has put into the folder is there on this rank's host.
bool sees_place(const std::string& place, const Communicator& world) {
  std::string mark;
  if (world.rank() == 0) {
    mark = (fs::path(place) / (".shoal-doctor-" + std::to_string(::getpid()))).string();
    try {
      write_text_atomically(mark, "here");
    } catch (const Error&) {
      mark.clear();  // the check of the place says why
    }
  }
  world.broadcast_string(mark);
  std::error_code none;
  const bool seen = mark.empty() || fs::exists(mark, none);
  world.barrier();
  if (world.rank() == 0 && !mark.empty()) fs::remove(mark, none);
  return seen;
}

/// By the process that started this one, or else by what the environment says.
std::string launcher_name() {
  std::string parent;
  std::getline(std::ifstream("/proc/" + std::to_string(::getppid()) + "/comm"), parent);
  if (parent == "slurmstepd") return "srun";
  if (!find_launcher(std::getenv).found) return "none";
  return process_of_mpirun(std::getenv) < 0 && std::getenv("SLURM_STEP_ID") != nullptr ? "srun" : "mpirun";
}

}  // namespace

Examination examine(const std::string& place, Communicator& world) {
  double load = 0.0;
  std::ifstream("/proc/loadavg") >> load;
  Examination found{.launcher = launcher_name()};
  found.mpi = mpi_library_version();
  found.in_slurm = std::getenv("SLURM_JOB_ID") != nullptr;
  if (const char* threads_asked = std::getenv("OMP_NUM_THREADS")) found.omp_num_threads = threads_asked;
  const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  try {
    refuse_scattered_step(std::getenv);
  } catch (const Error&) {
    found.scattered_tasks = std::atoi(tasks);
  }
  try {
    check_kernels(world);
  } catch (const SharedError& error) {
    found.kernels = error.what();
  }
  Json mine = Json::object();
  mine.set("host", host_name());
  mine.set("processors", json_of(processors_at_start()));
  mine.set("launcher", json_of(processors_allowed(::getppid())));
  mine.set("threads", threads());
  mine.set("quota", quota_of_groups());
  mine.set("memory_gb", static_cast<double>(host_memory()) * 1e-9);
  mine.set("available_gb", gb_of_meminfo("MemAvailable"));
  mine.set("load", load);
  mine.set("shm_mb", shm_mb());
  mine.set("instructions", instruction_set());
  mine.set("sees_place", sees_place(place, world));
  mine.set("gb_per_s", memory_speed(world));
  const std::vector<Json> all = gather(world, mine);
  const std::vector<bool> heard = world.size() > 1 ? hear_ranks(world) : std::vector<bool>{true};

  std::string names;
  for (const Json& rank : all) names += rank.at("host").string() + '\n';
  world.broadcast_string(names);
  std::vector<std::string> host_of;
  std::istringstream lines(names);
  for (std::string name; std::getline(lines, name);) host_of.push_back(name);
  found.links = measure_links(world, host_of);

  for (std::size_t r = 0; r < all.size(); ++r) {
    const Json& rank = all[r];
    found.ranks.push_back({host_of[r], numbers_of(rank.at("processors")),
                           static_cast<int>(rank.at("threads").integer()), rank.at("gb_per_s").number(),
                           rank.at("sees_place").boolean(), heard[r]});
    if (found.hosts.empty() || found.hosts.back().name != host_of[r]) {
      ExaminedHost host{.name = host_of[r]};
      if (const Json& quota = rank.at("quota"); !quota.is_null()) host.quota = quota.number();
      host.memory_gb = rank.at("memory_gb").number();
      host.available_gb = rank.at("available_gb").number();
      host.load = rank.at("load").number();
      if (const Json& shm = rank.at("shm_mb"); !shm.is_null()) host.shm_mb = shm.number();
      host.instructions = rank.at("instructions").string();
      found.hosts.push_back(std::move(host));
    }
    std::vector<int>& processors = found.hosts.back().processors;
    std::set<int> joined(processors.begin(), processors.end());
    for (const char* name : {"processors", "launcher"}) {
      const std::vector<int> more = numbers_of(rank.at(name));
      joined.insert(more.begin(), more.end());
    }
    processors.assign(joined.begin(), joined.end());
  }
  if (world.rank() == 0) found.place = check_place_for_runs(place);
  return found;
}

}  // namespace shoal
