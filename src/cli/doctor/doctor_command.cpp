#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/doctor/examination.hpp"
#include "cli/output.hpp"
#include "shoal/config/config.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/version.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/watchdog.hpp"

namespace shoal {
namespace {

/// "0-3,8"
std::string ranges(const std::vector<int>& numbers) {
  std::vector<std::string> parts;
  for (std::size_t first = 0; first < numbers.size();) {
    std::size_t last = first;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    parts.push_back(first == last ? std::to_string(numbers[first])
                                  : fmt::format("{}-{}", numbers[first], numbers[last]));
    first = last + 1;
  }
  return parts.empty() ? "unknown" : fmt::format("{}", fmt::join(parts, ","));
}

double speed_of(const Examination& found, const ExaminedHost& host) {
  double sum = 0.0;
  for (const ExaminedRank& rank : found.ranks) sum += rank.host == host.name ? rank.gb_per_s : 0.0;
  return sum;
}

/// How many NUMA nodes with processors there are.
std::string nodes_text(const ExaminedHost& host) {
  return host.numa_nodes.empty() ? "unknown" : std::to_string(host.numa_nodes.size());
}

std::string doctor_table(const Examination& found, const std::vector<Finding>& findings) {
  std::string text = fmt::format("shoal {}, MPI: {}, launcher: {}\n\n", version(),
                                 found.mpi.empty() ? "none" : found.mpi, found.launcher);
  std::vector<std::vector<std::string>> hosts = {
      {"host", "processors", "NUMA", "memory GB", "free GB", "GB/s", "/dev/shm MB", "load", "instructions"}};
  for (const ExaminedHost& host : found.hosts)
    hosts.push_back({host.name, ranges(host.processors), nodes_text(host), fmt::format("{:.1f}", host.memory_gb),
                     fmt::format("{:.1f}", host.available_gb), fmt::format("{:.1f}", speed_of(found, host)),
                     host.shm_mb ? fmt::format("{:.0f}", *host.shm_mb) : "none", fmt::format("{:.1f}", host.load),
                     host.instructions});
  text += align(hosts) + '\n';
  std::vector<std::vector<std::string>> ranks = {{"rank", "host", "processors", "threads", "GB/s"}};
  for (std::size_t r = 0; r < found.ranks.size(); ++r) {
    const ExaminedRank& rank = found.ranks[r];
    ranks.push_back({std::to_string(r), rank.host, ranges(rank.processors), std::to_string(rank.threads),
                     fmt::format("{:.1f}", rank.gb_per_s)});
  }
  text += align(ranks) + '\n';
  if (!found.links.empty()) {
    std::vector<std::vector<std::string>> links = {{"from rank", "to rank", "latency us", "GB/s"}};
    for (const ExaminedLink& link : found.links)
      links.push_back({std::to_string(link.from), std::to_string(link.to), fmt::format("{:.1f}", link.speed.latency_us),
                       fmt::format("{:.2f}", link.speed.gb_per_s)});
    text += align(links) + '\n';
  }
  text += fmt::format("folder for runs: {}, {}, {} GB free, 1 MiB kept in {:.1f} ms\n\n", found.place.folder,
                      found.place.kind, found.place.free_gb ? fmt::format("{:.1f}", *found.place.free_gb) : "unknown",
                      found.place.sync_ms);
  for (const Finding& finding : findings)
    text += fmt::format("{}: {}\n  {}\n", finding.hurts ? "problem" : "note", finding.what, finding.remedy);
  return text + "use: " + line_to_use(found) + '\n';
}

std::string doctor_json(const Examination& found, const std::vector<Finding>& findings, bool sound) {
  Json all = Json::object();
  all.set("sound", sound);
  all.set("launcher", found.launcher);
  all.set("mpi", found.mpi);
  Json hosts = Json::array();
  for (const ExaminedHost& host : found.hosts) {
    Json each = Json::object();
    each.set("name", host.name);
    each.set("processors", host.processors);
    each.set("quota", host.quota);
    each.set("numa_nodes", host.numa_nodes);
    each.set("memory_gb", host.memory_gb);
    each.set("available_gb", host.available_gb);
    each.set("gb_per_s", speed_of(found, host));
    each.set("shm_mb", host.shm_mb);
    each.set("load", host.load);
    each.set("instructions", host.instructions);
    hosts.push(each);
  }
  all.set("hosts", hosts);
  Json ranks = Json::array();
  for (const ExaminedRank& rank : found.ranks) {
    Json each = Json::object();
    each.set("host", rank.host);
    each.set("processors", rank.processors);
    each.set("kept_to", rank.kept_to);
    each.set("threads", rank.threads);
    each.set("gb_per_s", rank.gb_per_s);
    ranks.push(each);
  }
  all.set("ranks", ranks);
  Json links = Json::array();
  for (const ExaminedLink& link : found.links) {
    Json each = Json::object();
    each.set("from", link.from);
    each.set("to", link.to);
    each.set("latency_us", link.speed.latency_us);
    each.set("gb_per_s", link.speed.gb_per_s);
    links.push(each);
  }
  all.set("links", links);
  Json place = Json::object();
  place.set("folder", found.place.folder);
  place.set("kind", found.place.kind);
  place.set("free_gb", found.place.free_gb);
  place.set("sync_ms", found.place.sync_ms);
  all.set("place", place);
  Json list = Json::array();
  for (const Finding& finding : findings) {
    Json each = Json::object();
    each.set("hurts", finding.hurts);
    each.set("what", finding.what);
    each.set("remedy", finding.remedy);
    list.push(each);
  }
  all.set("findings", list);
  all.set("use", line_to_use(found));
  return all.text(2) + '\n';
}

/// Of tasks that know nothing of each other one speaks for all.
bool speaks(const Examination& found) {
  const char* task = std::getenv("SLURM_PROCID");
  return found.scattered_tasks == 0 || task == nullptr || std::string_view(task) == "0";
}

/// Where a folder that is not there yet would be made.
std::string existing_part(const std::string& folder) {
  std::filesystem::path place = folder;
  std::error_code none;
  while (place.has_relative_path() && !std::filesystem::exists(std::filesystem::symlink_status(place, none)))
    place = place.parent_path();
  return place.empty() ? "." : place.string();
}

}  // namespace

ExitStatus execute(const DoctorRequest& request, Communicator& world) {
  const Watchdog watchdog(world, ParallelConfig().stall_timeout);
  const Doing doing(Activity::starting);
  const Examination found = examine(existing_part(request.folder), world);
  std::int64_t problems = 0;
  if (world.rank() == 0) {
    const std::vector<Finding> findings = judge(found);
    for (const Finding& finding : findings) problems += finding.hurts ? 1 : 0;
    if (speaks(found))
      print(request.json ? doctor_json(found, findings, problems == 0) : doctor_table(found, findings));
  }
  return world.all_max(problems) == 0 ? ExitStatus::done : ExitStatus::unfit;
}

}  // namespace shoal
