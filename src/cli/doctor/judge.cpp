#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/doctor/examination.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// Processors of a host that are there for the job.
std::int64_t given(const ExaminedHost& host) {
  const std::int64_t all = std::ssize(host.processors);
  return host.granted ? std::min(all, *host.granted) : all;
}

std::int64_t processors_of(const ExaminedHost& host) {
  const auto all = static_cast<double>(std::max<std::int64_t>(1, given(host)));
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(host.quota ? std::min(all, *host.quota) : all));
}

std::int64_t ranks_on(const Examination& found, const ExaminedHost& host) {
  return std::count_if(found.ranks.begin(), found.ranks.end(),
                       [&](const ExaminedRank& rank) { return rank.host == host.name; });
}

/// The command line to train with so many ranks on each host, in the order of hosts.
std::string train_line(const Examination& found, const std::vector<std::int64_t>& ranks_of_hosts) {
  std::string train = "shoal train CONFIG";
  std::int64_t processors = 0;
  std::int64_t ranks = 0;
  std::vector<std::string> hosts;
  for (std::size_t h = 0; h < found.hosts.size(); ++h) {
    processors += processors_of(found.hosts[h]);
    ranks += ranks_of_hosts[h];
    hosts.push_back(fmt::format("{}:{}", found.hosts[h].name, ranks_of_hosts[h]));
  }
  if (ranks <= 1) return train;
  if (found.launcher == "srun")
    return fmt::format("srun --mpi=pmix -n {} -c {} {}", ranks, std::max<std::int64_t>(1, processors / ranks), train);
  const std::string where = hosts.size() > 1 ? fmt::format(" --host {}", fmt::join(hosts, ",")) : "";
  return fmt::format("mpirun -np {}{} --bind-to none {}", ranks, where, train);
}

/// NUMA nodes of a host that have some of these processors.
std::int64_t nodes_with(const ExaminedHost& host, const std::vector<int>& processors) {
  return std::count_if(host.numa_nodes.begin(), host.numa_nodes.end(), [&](const std::vector<int>& node) {
    return std::find_first_of(node.begin(), node.end(), processors.begin(), processors.end()) != node.end();
  });
}

/// Ranks whose threads lie on several NUMA nodes; shoal keeps those of a whole number of ranks a node on one each.
void judge_numa(const Examination& found, const ExaminedHost& host, std::vector<Finding>& findings) {
  std::int64_t most = 0;
  for (const ExaminedRank& rank : found.ranks) {
    if (rank.host == host.name) most = std::max(most, nodes_with(host, rank.kept_to));
  }
  if (most <= 1) return;
  std::vector<std::int64_t> ranks;
  for (const ExaminedHost& each : found.hosts) {
    const std::int64_t nodes = std::max<std::int64_t>(1, nodes_with(each, each.processors));
    ranks.push_back(std::max<std::int64_t>(1, ranks_on(found, each) / nodes) * nodes);
  }
  const std::string line = (found.omp_num_threads.empty() ? "" : "unset OMP_NUM_THREADS; ") + train_line(found, ranks);
  findings.push_back(
      {false,
       fmt::format("on {} the threads of a rank lie on {} NUMA nodes, and much of its memory far from "
                   "those that use it",
                   host.name, most),
       found.mpi.empty() ? "build shoal with MPI, and start a rank for each node" : "a rank for each node: " + line});
}

/// What is wrong with how ranks and threads lie on the processors of a host; at most one thing, the root of it.
void judge_host(const Examination& found, const ExaminedHost& host, std::vector<Finding>& findings) {
  const std::int64_t ranks = ranks_on(found, host);
  const std::int64_t processors = processors_of(host);
  std::map<std::vector<int>, std::vector<int>> by_mask;  // threads of the ranks that share these processors
  std::set<int> used;
  std::int64_t threads = 0;
  for (const ExaminedRank& rank : found.ranks) {
    if (rank.host != host.name) continue;
    by_mask[rank.processors].push_back(rank.threads);
    used.insert(rank.processors.begin(), rank.processors.end());
    threads += rank.threads;
  }
  const std::string use = line_to_use(found);
  if (found.scattered_tasks > 0) return;
  if (ranks > processors) {
    findings.push_back({true,
                        fmt::format("{} runs {} on {}: ranks wait for each other's turns", host.name,
                                    counted(ranks, "rank"), counted(processors, "processor")),
                        use});
    return;
  }
  if (std::ssize(used) < given(host) && !used.empty()) {
    findings.push_back({true,
                        fmt::format("on {} ranks are bound to {} of {}, and the others stand idle", host.name,
                                    counted(static_cast<std::int64_t>(used.size()), "processor"), given(host)),
                        !found.places_threads.empty() ? fmt::format("unset {}; {}", found.places_threads, use)
                        : found.launcher == "none"    ? "run shoal without taskset or numactl"
                                                      : use});
    return;
  }
  for (const auto& [mask, of] : by_mask) {
    std::int64_t sum = 0;
    for (const int each : of) sum += each;
    if (mask.empty() || sum <= static_cast<std::int64_t>(mask.size())) continue;
    findings.push_back(
        {true,
         fmt::format("on {} {} with {} share {}", host.name, counted(static_cast<std::int64_t>(of.size()), "rank"),
                     counted(sum, "thread"), counted(static_cast<std::int64_t>(mask.size()), "processor")),
         found.omp_num_threads.empty() ? use : "unset OMP_NUM_THREADS; " + use});
    return;
  }
  if (host.quota && static_cast<double>(threads) > *host.quota)
    findings.push_back({true,
                        fmt::format("a control group gives {} the time of {:.2g} processors, and {} want it", host.name,
                                    *host.quota, counted(threads, "thread")),
                        fmt::format("export OMP_NUM_THREADS={}", std::max<std::int64_t>(1, processors / ranks))});
}

void judge_shm(const Examination& found, const ExaminedHost& host, std::vector<Finding>& findings) {
  constexpr double small_mb = 64.0;
  constexpr double mb_of_a_rank = 8.0;  // what Open MPI's messages inside of a host take at most, with room
  const std::int64_t ranks = ranks_on(found, host);
  const std::string remedy =
      "export OMPI_MCA_btl_vader_backing_directory=/tmp (mpirun -x ... for other hosts), or start the container with "
      "--shm-size=1g";
  if (!host.shm_mb) {
    if (ranks > 1)
      findings.push_back(
          {false, fmt::format("{} has no /dev/shm, of which the MPI takes some for each rank", host.name), remedy});
    return;
  }
  const double wanted = mb_of_a_rank * static_cast<double>(ranks);
  if (*host.shm_mb > std::max(small_mb, wanted)) return;
  const bool hurts = ranks > 1 && *host.shm_mb < wanted;
  findings.push_back(
      {hurts,
       fmt::format(
           "/dev/shm of {} has {:.0f} MB free; shoal takes nothing of it, but the MPI takes some of it for each rank: "
           "there is room for {}",
           host.name, *host.shm_mb,
           counted(std::max<std::int64_t>(1, static_cast<std::int64_t>(*host.shm_mb / mb_of_a_rank)), "rank")),
       remedy});
}

void judge_place(const Examination& found, std::vector<Finding>& findings) {
  const PlaceCheck& place = found.place;
  const auto add = [&](const std::string& fault, const std::string& what, const std::string& remedy) {
    if (!fault.empty())
      findings.push_back({true, fmt::format("{} ({}) {}: {}", place.folder, place.kind, what, fault), remedy});
  };
  const std::string elsewhere = "keep runs on another file system: --run FOLDER";
  add(place.written, "cannot be written", elsewhere);
  if (!place.written.empty()) return;
  const std::string no_locks =
      "does not lock files: of two jobs that begin a run in one moment the first may be thrown out";
  const std::string locking =
      "mount -o remount,flock (Lustre), mount -o remount,local_lock=none (NFS); or " + elsewhere;
  add(place.lock, no_locks, locking);
  add(place.rename, "does not put a file in the place of another in one step", elsewhere);
  add(place.link, "has no symbolic links, which latest and best are", elsewhere);
  add(place.exclusive, "does not tell which of two has made a folder", elsewhere);
  std::set<std::string> blind;
  std::set<std::string> let_in;
  for (const ExaminedRank& rank : found.ranks) {
    if (!rank.sees_place) blind.insert(rank.host);
    if (!rank.kept_out) let_in.insert(rank.host);
  }
  if (place.lock.empty() && !let_in.empty())
    add(fmt::format("{} got one that {} held", fmt::join(let_in, ", "), found.ranks.front().host), no_locks, locking);
  if (!blind.empty())
    findings.push_back({true, fmt::format("{} is not the same folder on {}", place.folder, fmt::join(blind, ", ")),
                        "keep data and runs on a file system that all hosts share"});
  constexpr double slow_ms = 500.0;
  if (place.sync_ms > slow_ms)
    findings.push_back(
        {false, fmt::format("{} takes {:.0f} ms to keep 1 MiB", place.folder, place.sync_ms), elsewhere});
}

}  // namespace

std::vector<Finding> judge(const Examination& found) {
  std::vector<Finding> findings;
  if (found.scattered_tasks > 0)
    findings.push_back({true,
                        fmt::format("srun started {} tasks and told them nothing of each other: each would be a run of "
                                    "its own",
                                    found.scattered_tasks),
                        line_to_use(found)});
  for (const ExaminedHost& host : found.hosts) {
    const std::size_t before = findings.size();
    judge_host(found, host, findings);
    if (findings.size() == before && found.scattered_tasks == 0) judge_numa(found, host, findings);
    judge_shm(found, host, findings);
    if (host.load > 0.5 * static_cast<double>(host.processors.size()))
      findings.push_back({false,
                          fmt::format("{} was at work before: a load of {:.1f} on {}", host.name, host.load,
                                      counted(static_cast<std::int64_t>(host.processors.size()), "processor")),
                          "ask for a host of your own"});
  }
  if (!found.kernels.empty()) findings.push_back({true, found.kernels, "install one build of shoal on all hosts"});
  for (std::size_t r = 0; r < found.ranks.size(); ++r) {
    if (found.ranks[r].heard) continue;
    findings.push_back(
        {true,
         fmt::format("datagrams do not reach rank {} on {}: a rank that hangs would be noticed ten times "
                     "later, and none named",
                     r, found.ranks[r].host),
         "let UDP over IPv4 pass between the hosts"});
    break;
  }
  judge_place(found, findings);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.hurts > b.hurts; });
  return findings;
}

std::string line_to_use(const Examination& found) {
  if (found.scattered_tasks > 0) return fmt::format("srun --mpi=pmix -n {} shoal train CONFIG", found.scattered_tasks);
  std::vector<std::int64_t> ranks;
  for (const ExaminedHost& host : found.hosts) ranks.push_back(std::min(processors_of(host), ranks_on(found, host)));
  return train_line(found, ranks);
}

}  // namespace shoal
