#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>

#include "cli/doctor/examination.hpp"
#include "shoal/comm/launcher.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/host_name.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/numa.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/memory_limit.hpp"
#include "shoal/io/posix.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/kernel_check.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// By a line of /proc/<process>/status; empty where the system does not say.
std::vector<int> processors_allowed(const std::string& process) {
  std::ifstream status("/proc/" + process + "/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view name = "Cpus_allowed_list:";
    if (line.starts_with(name)) return listed_numbers(line.substr(name.size()));
  }
  return {};
}

/// What this process began with. OpenMP may have bound its first thread to one processor, and others to others.
std::vector<int> processors_of_this() {
  std::vector<int> processors = processors_at_start();
  std::error_code gone;
  for (fs::directory_iterator at("/proc/self/task", gone), end; !gone && at != end; at.increment(gone)) {
    const std::vector<int> more = processors_allowed("self/task/" + at->path().filename().string());
    processors.insert(processors.end(), more.begin(), more.end());
  }
  std::sort(processors.begin(), processors.end());
  processors.erase(std::unique(processors.begin(), processors.end()), processors.end());
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

/// What is free, and what the MPI has taken of it for this job by now; what others have left there is lost.
std::optional<double> shm_mb() {
  struct statfs found = {};
  if (::statfs("/dev/shm", &found) != 0) return std::nullopt;
  double bytes = static_cast<double>(found.f_bavail) * static_cast<double>(found.f_bsize);
  std::set<std::string> own;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (const std::size_t at = line.find(" /dev/shm/"); at != std::string::npos) own.insert(line.substr(at + 1));
  }
  for (const std::string& path : own) {
    struct stat file = {};
    if (::stat(path.c_str(), &file) == 0) bytes += 512.0 * static_cast<double>(file.st_blocks);
  }
  return bytes / 1048576.0;
}

/// a = b + 3 c of float64, 24 bytes an element, the fastest of some passes. All ranks begin together.
double memory_speed(const Communicator& world) {
  constexpr int passes = 4;
  const auto own = static_cast<std::size_t>(world.ranks_on_host());
  const std::size_t size = std::max<std::size_t>(std::size_t{1} << 20, (std::size_t{6} << 20) / own);
  // Not filled here: memory lies near the thread that touches it first.
  const auto a = std::make_unique_for_overwrite<double[]>(size);
  const auto b = std::make_unique_for_overwrite<double[]>(size);
  const auto c = std::make_unique_for_overwrite<double[]>(size);
  const std::int64_t parts = threads();
  const auto each_part = [&](const auto& work) {
    parallel_for(parts, [&](std::int64_t part) {
      const std::size_t first = size * static_cast<std::size_t>(part) / static_cast<std::size_t>(parts);
      const std::size_t last = size * static_cast<std::size_t>(part + 1) / static_cast<std::size_t>(parts);
      for (std::size_t i = first; i < last; ++i) work(i);
    });
  };
  each_part([&](std::size_t i) { a[i] = b[i] = c[i] = static_cast<double>(i); });
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

/// Between two on the first host that has so many, and between neighbours on different hosts.
std::vector<ExaminedLink> measure_links(const Communicator& world, const std::vector<std::string>& hosts) {
  constexpr std::size_t most = 16;
  std::vector<ExaminedLink> links;
  const auto measure = [&](int from, int to) { links.push_back({from, to, measure_link(world, from, to)}); };
  bool within = false;
  for (int r = 1; r < world.size() && links.size() < most; ++r) {
    const auto own = hosts.begin() + r;
    if (const auto mate = std::find(hosts.begin(), own, *own); !within && mate != own) {
      within = true;
      measure(static_cast<int>(mate - hosts.begin()), r);
    }
    if (*own != *std::prev(own) && links.size() < most) measure(r - 1, r);
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

/// How a rank sees what rank 0 has put into the folder, and holds a lock of.
struct SeenPlace {
  bool there = true;
  bool kept_out = true;
};

SeenPlace see_place(const std::string& place, const Communicator& world) {
  std::string mark;
  posix::Descriptor holder;
  std::int64_t held = 0;
  if (world.rank() == 0) {
    mark = (fs::path(place) / (".shoal-doctor-" + posix::process_mark())).string();
    try {
      write_text_atomically(mark, "here");
      holder = posix::open(mark, O_RDWR);
      held = holder && ::flock(holder.get(), LOCK_EX | LOCK_NB) == 0 ? 1 : 0;
    } catch (const Error&) {
      mark.clear();  // the check of the place says why
    }
  }
  world.broadcast_string(mark);
  held = world.all_max(held);
  SeenPlace seen;
  std::error_code none;
  seen.there = mark.empty() || fs::exists(mark, none);
  if (world.rank() != 0 && held != 0 && seen.there) {
    const posix::Descriptor other = posix::open(mark, O_RDWR);
    seen.kept_out = !other || ::flock(other.get(), LOCK_EX | LOCK_NB) != 0;
  }
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

/// Processors of this host that srun has for the step: its daemon itself may run on all that there are.
std::optional<std::int64_t> granted_by_slurm() {
  const char* count = std::getenv("SLURM_CPUS_ON_NODE");
  if (count == nullptr || launcher_name() != "srun") return std::nullopt;
  const std::int64_t granted = std::atoll(count);
  return granted > 0 ? std::optional(granted) : std::nullopt;
}

}  // namespace

Examination examine(const std::string& place, Communicator& world) {
  double load = 0.0;
  std::ifstream("/proc/loadavg") >> load;
  Examination found{.launcher = launcher_name()};
  found.mpi = mpi_library_version();
  found.in_slurm = std::getenv("SLURM_JOB_ID") != nullptr;
  if (const char* threads_asked = std::getenv("OMP_NUM_THREADS")) found.omp_num_threads = threads_asked;
  found.places_threads = variable_placing_threads(std::getenv);
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
  mine.set("kept_to", processors_allowed("self"));
  mine.set("numa_nodes", numa_nodes());
  mine.set("launcher", processors_allowed(std::to_string(::getppid())));
  mine.set("threads", threads());
  mine.set("granted", granted_by_slurm());
  mine.set("quota", quota_of_groups());
  mine.set("memory_gb", static_cast<double>(host_memory()) * 1e-9);
  mine.set("available_gb", gb_of_meminfo("MemAvailable"));
  mine.set("load", load);
  mine.set("shm_mb", shm_mb());
  mine.set("instructions", instruction_set());
  const SeenPlace seen = see_place(place, world);
  mine.set("sees_place", seen.there);
  mine.set("kept_out", seen.kept_out);
  mine.set("gb_per_s", memory_speed(world));
  mine.set("processors", processors_of_this());  // now that all threads have run
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
                           rank.at("sees_place").boolean(), rank.at("kept_out").boolean(), heard[r],
                           numbers_of(rank.at("kept_to"))});
    const auto same_host = [&](const ExaminedHost& host) { return host.name == host_of[r]; };
    auto known = std::find_if(found.hosts.begin(), found.hosts.end(), same_host);  // its ranks may lie apart
    if (known == found.hosts.end()) {
      ExaminedHost host{.name = host_of[r]};
      if (const Json& granted = rank.at("granted"); !granted.is_null()) host.granted = granted.integer();
      if (const Json& quota = rank.at("quota"); !quota.is_null()) host.quota = quota.number();
      host.memory_gb = rank.at("memory_gb").number();
      host.available_gb = rank.at("available_gb").number();
      host.load = rank.at("load").number();
      if (const Json& shm = rank.at("shm_mb"); !shm.is_null()) host.shm_mb = shm.number();
      host.instructions = rank.at("instructions").string();
      for (const Json& node : rank.at("numa_nodes").items()) host.numa_nodes.push_back(numbers_of(node));
      known = found.hosts.insert(found.hosts.end(), std::move(host));
    }
    std::vector<int>& processors = known->processors;
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
