// What a training step would take with as many threads as nobody has here. COUNTED are its lists of tasks, as cut for
// that many threads; MEASURED is each task, all of them one after the other on one core, and what the calling thread
// does between lists, the least of some rounds; MODELLED is who does which when: by the rule of src/tensor/team.hpp,
// threads as fast as this core, which take no time for taking tasks.
//   phase_model [batch] [inputs,hidden...,classes] [1,threads,...] [rounds] [us a list] [GB/s memory] [GB/s handed]
// us a list: of two threads, by list_cost; more threads cost (T - 1) times that, or log2(T) times: both are shown, the
// code does the former. GB/s memory: of the node; a list takes no less than its matrices do, once each. GB/s handed:
// by list_cost, at which a thread reads statistics that others have written. 0: no such limit.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <queue>
#include <vector>

#include "../bench_numbers.hpp"
#include "../timed_steps.hpp"
#include "noted_lists.hpp"
#include "phase_traffic.hpp"
#include "shoal/comm/session.hpp"

namespace {

using namespace shoal;
using Clock = std::chrono::steady_clock;

double seconds_of(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

/// A list of a step, and what the calling thread did alone before it.
struct List {
  std::string name;
  std::vector<double> task_s;
  double alone_s = 0.0;
  double matrices = 0.0;         ///< bytes that its tasks read or write, once each
  double handed_to_tasks = 0.0;  ///< bytes that its tasks read and other threads have just written
  double handed_after = 0.0;     ///< that the calling thread reads behind it
};
struct Step {
  std::vector<List> lists;
  double alone_after_s = 0.0;

  double alone_s() const {
    double sum = alone_after_s;
    for (const List& list : lists) sum += list.alone_s;
    return sum;
  }
};

double sum(const std::vector<double>& numbers) {
  double all = 0.0;
  for (const double number : numbers) all += number;
  return all;
}

/// What a step was doing at a time: the shortest span around it.
std::string doing_at(const Profile& profile, double at_s) {
  std::string name;
  double shortest = INFINITY;
  for (const ProfileEvent& event : profile.events) {
    if (event.begin_s > at_s || event.begin_s + event.duration_s < at_s || event.duration_s > shortest) continue;
    shortest = event.duration_s;
    name = profile.lines[event.line].name;
  }
  return name;
}

/// One step, as it went.
Step noted_step(Replica& replica, const Model& model, const LeafShare& share, std::int64_t batch, int number) {
  std::vector<std::int64_t> ids;
  for (std::int64_t s = 0; s < batch; ++s) ids.push_back(s);
  UpdateScalars scalars;
  scalars.settings.learning_rate = scalars.learning_rate = 1e-4;
  scalars.step = number;
  scalars.batch = static_cast<float>(batch);
  std::vector<NotedList> noted;
  const Clock::time_point origin = Clock::now();
  start_profile(std::size_t{1} << 16);
  note_lists(&noted);
  const Clock::time_point begin = Clock::now();
  {
    const Span span(SpanKind::step, "step");
    const auto count = static_cast<std::uint64_t>(number);
    replica.executor().forward({&share, share.range(), true, 1, count, ids}, model.loss());
    replica.backward(share);
    replica.update(scalars);
  }
  const Clock::time_point end = Clock::now();
  note_lists(nullptr);
  const Profile profile = end_profile();
  Step step;
  Clock::time_point before = begin;
  for (NotedList& list : noted) {
    step.lists.push_back(
        {doing_at(profile, seconds_of(list.begin - origin)), std::move(list.task_s), seconds_of(list.begin - before)});
    before = list.end;
  }
  step.alone_after_s = seconds_of(end - before);
  return step;
}

/// Every time the least of it, so that what else the machine does has little part in it.
Step least_step(const std::vector<Step>& steps) {
  Step least = steps.front();
  for (const Step& step : steps) {
    for (std::size_t l = 0; l < least.lists.size(); ++l) {
      List& list = least.lists[l];
      const List& other = step.lists.at(l);
      list.alone_s = std::min(list.alone_s, other.alone_s);
      for (std::size_t i = 0; i < list.task_s.size(); ++i)
        list.task_s[i] = std::min(list.task_s[i], other.task_s.at(i));
    }
    least.alone_after_s = std::min(least.alone_after_s, step.alone_after_s);
  }
  return least;
}

/// When the last task is done: threads have equal runs of tasks, take theirs from the front, and then from the back of
/// the next thread that has some left.
double finish(const std::vector<double>& task_s, int threads) {
  struct Run {
    std::size_t next, end;
  };
  std::vector<Run> runs;
  const auto many = static_cast<std::size_t>(threads);
  for (std::size_t t = 0; t < many; ++t) runs.push_back({task_s.size() * t / many, task_s.size() * (t + 1) / many});
  using Free = std::pair<double, std::size_t>;  // when, who
  std::priority_queue<Free, std::vector<Free>, std::greater<>> free;
  for (std::size_t t = 0; t < many; ++t) free.emplace(0.0, t);
  double last = 0.0;
  while (!free.empty()) {
    const auto [now, thread] = free.top();
    free.pop();
    for (std::size_t i = 0; i < many; ++i) {
      Run& run = runs[(thread + i) % many];
      if (run.next == run.end) continue;
      const double done = now + task_s[i == 0 ? run.next++ : --run.end];
      free.emplace(done, thread);
      last = std::max(last, done);
      break;
    }
  }
  return last;
}

/// The same work with what single tasks take beyond their neighbours spread over all. One core reads a matrix from
/// memory in the first tasks of a list, and finds it in its cache in the others; of many cores each has some of that.
std::vector<double> spread(const std::vector<double>& task_s) {
  constexpr std::size_t near = 16;
  std::vector<double> usual;
  for (std::size_t i = 0; i < task_s.size(); ++i) {
    const std::size_t first = i < near ? 0 : i - near;
    const std::size_t last = std::min(task_s.size(), i + near + 1);
    usual.push_back(median({task_s.data() + first, task_s.data() + last}));
  }
  const double factor = sum(task_s) / sum(usual);
  for (double& time : usual) time *= factor;
  return usual;
}

struct Limits {
  double list_s = 0.0;        ///< a list of two threads
  double bytes_per_s = 0.0;   ///< of the memory; 0: no limit
  double handed_per_s = 0.0;  ///< bytes from thread to thread; 0: no limit
  bool linear = true;         ///< how a list's cost grows with threads

  double list_of(int threads) const { return list_s * (linear ? threads - 1 : std::log2(threads)); }
  double memory_s(const List& list) const { return bytes_per_s > 0.0 ? list.matrices / bytes_per_s : 0.0; }
  double handed_s(double bytes) const { return handed_per_s > 0.0 ? bytes / handed_per_s : 0.0; }
};

/// Of a step with so many threads, in seconds.
struct Modelled {
  double whole = 0.0;
  double tasks = 0.0;      ///< all of them, on one core
  double imbalance = 0.0;  ///< of lists beyond an equal share of their tasks
  double memory = 0.0;     ///< of lists that wait for it
  double lists = 0.0;
  double handed = 0.0;  ///< of tasks and the calling thread that wait for what others have written
  double alone = 0.0;
};

/// Tasks that read what other threads have written, with the time for that.
std::vector<double> with_reading(const List& list, const Limits& limits) {
  std::vector<double> task_s = list.task_s;
  for (double& time : task_s) time += limits.handed_s(list.handed_to_tasks) / static_cast<double>(task_s.size());
  return task_s;
}

Modelled model_step(const Step& step, int threads, const Limits& limits) {
  Modelled modelled;
  for (const List& list : step.lists) {
    const double work = sum(list.task_s);
    const double found = finish(list.task_s, threads);
    const double done = threads > 1 ? finish(with_reading(list, limits), threads) : found;
    const double carried = limits.memory_s(list);
    modelled.tasks += work;
    modelled.imbalance += found - work / threads;
    modelled.memory += std::max(0.0, carried - done);
    modelled.handed += done - found;
    modelled.whole += std::max(done, carried);
    if (threads == 1) continue;
    modelled.lists += limits.list_of(threads);
    modelled.handed += limits.handed_s(list.handed_after);
    modelled.whole += limits.list_of(threads) + limits.handed_s(list.handed_after);
  }
  modelled.alone = step.alone_s();
  modelled.whole += modelled.alone;
  return modelled;
}

/// Says what lists read: of a phase the first has its matrices, the others make statistics of leaves meet in blocks.
void add_traffic(Step& step, const Model& model, const LeafCut& cut) {
  constexpr double update_bytes = 7.0 * 1024 * sizeof(float);  // of a chunk: gradient; parameter and moments, both ways
  const std::map<std::string, PhaseTraffic> phases = traffic_of_phases(model, cut);
  for (std::size_t l = 0; l < step.lists.size(); ++l) {
    List& list = step.lists[l];
    const auto tasks = static_cast<double>(list.task_s.size());
    const auto phase = phases.find(list.name);
    if (phase == phases.end()) {
      list.matrices = update_bytes * tasks;
      continue;
    }
    const double statistics = phase->second.statistics;
    const auto is_next = [&](std::size_t other) { return step.lists[other].name == list.name; };
    if (l > 0 && is_next(l - 1)) {
      list.handed_to_tasks = statistics;
      list.handed_after = statistics * tasks / static_cast<double>(cut.leaves());
    } else {
      list.matrices = phase->second.matrices;
      list.handed_after = l + 1 < step.lists.size() && is_next(l + 1) ? 0.0 : statistics;
    }
  }
}

/// What keeps threads waiting, list by list, the worst first.
std::string table(const Step& step, int threads, const Limits& limits) {
  struct Row {
    double lost_s;
    std::string text;
  };
  std::vector<Row> rows;
  for (std::size_t l = 0; l < step.lists.size(); ++l) {
    const List& list = step.lists[l];
    const auto [least, most] = std::minmax_element(list.task_s.begin(), list.task_s.end());
    const double even = sum(list.task_s) / threads;
    const double done = finish(with_reading(list, limits), threads);
    const double carried = limits.memory_s(list);
    const double after = limits.handed_s(list.handed_after) +
                         (l + 1 < step.lists.size() ? step.lists[l + 1].alone_s : step.alone_after_s);
    rows.push_back(
        {std::max(done, carried) - even + after,
         fmt::format("  {:5d} tasks of {:7.1f} to {:7.1f} us; ms: even {:6.3f}, done {:6.3f}, memory {:6.3f}, "
                     "then one thread {:6.3f}: {}\n",
                     list.task_s.size(), *least * 1e6, *most * 1e6, even * 1e3, done * 1e3, carried * 1e3, after * 1e3,
                     list.name)});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.lost_s > b.lost_s; });
  std::string text;
  for (const Row& row : rows) text += row.text;
  return text;
}

/// alone_s: a step of one thread
std::string report(const Step& step, int threads, double alone_s, const Limits& limits) {
  std::size_t tasks = 0;
  for (const List& list : step.lists) tasks += list.task_s.size();
  const Modelled modelled = model_step(step, threads, limits);
  Limits logarithmic = limits;
  logarithmic.linear = false;
  Step even = step;
  for (List& list : even.lists) list.task_s = spread(list.task_s);
  const auto shown = [&](double whole_s) {
    return fmt::format("{:.3f} ms, efficiency {:.3f}", whole_s * 1e3, alone_s / (threads * whole_s));
  };
  const std::string text = fmt::format(
      "threads {}: counted {} lists, {} tasks; measured {:.2f} ms of tasks, {:.3f} ms of one thread between them\n"
      "modelled {}, with cold reads spread {} (lists by log2 {}); of the first are even shares {:.3f}, imbalance "
      "{:.3f}, memory {:.3f}, lists {:.3f}, handed over "
      "{:.3f}, one thread {:.3f} ms\n",
      threads, step.lists.size(), tasks, modelled.tasks * 1e3, modelled.alone * 1e3, shown(modelled.whole),
      shown(model_step(even, threads, limits).whole), shown(model_step(even, threads, logarithmic).whole),
      modelled.tasks / threads * 1e3, modelled.imbalance * 1e3, modelled.memory * 1e3, modelled.lists * 1e3,
      modelled.handed * 1e3, modelled.alone * 1e3);
  return threads > 1 ? text + table(step, threads, limits) : text;
}

}  // namespace

int main(int argc, char** argv) {
  select_instruction_set();
  Session session(argc, argv);
  const auto argument = [&](int i, const char* otherwise) { return std::string(argc > i ? argv[i] : otherwise); };
  const std::int64_t batch = std::stoll(argument(1, "4096"));
  const std::vector<std::int64_t> widths = numbers(argument(2, "784,1024,1024,1024,10"));
  const int rounds = std::stoi(argument(4, "5"));
  const Limits limits{.list_s = std::stod(argument(5, "0.5")) * 1e-6,
                      .bytes_per_s = std::stod(argument(6, "0")) * 1e9,
                      .handed_per_s = std::stod(argument(7, "0")) * 1e9};

  const std::int64_t leaves = default_leaves(batch);
  const Model model = mlp({.inputs = widths.front(),
                           .hidden = {widths.begin() + 1, widths.end() - 1},
                           .classes = widths.back(),
                           .activation = "relu",
                           .batch_norm = true});
  const LeafShare share({batch, samples_per_leaf(batch, leaves)}, leaves, 1, 0);
  Replica replica(model, "adam", session.world(), share.samples(), share.nodes().size());
  replica.fill_parameters([&](std::span<float> flat) { model.graph().initialize(1, flat); });
  fill_inputs(replica, model, share.samples(), widths.back());
  // In turn, so that what else the machine does meets all alike.
  const std::vector<std::int64_t> tried = numbers(argument(3, "1,16,64,128"));
  std::vector<std::vector<Step>> noted(tried.size());
  int number = 0;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t t = 0; t < tried.size(); ++t) {
      set_threads(static_cast<int>(tried[t]));
      noted_step(replica, model, share, batch, ++number);  // the first finds other caches
      noted[t].push_back(noted_step(replica, model, share, batch, ++number));
    }
  }
  double alone_s = 0.0;  // a step with one thread
  for (std::size_t t = 0; t < tried.size(); ++t) {
    Step step = least_step(noted[t]);
    add_traffic(step, model, share.cut());
    if (t == 0) alone_s = model_step(step, 1, {}).whole;
    std::cout << report(step, static_cast<int>(tried[t]), alone_s, limits);
  }
  return 0;
}
