#include "noted_lists.hpp"

#include <algorithm>

#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

int threads_to_cut_for = 1;
bool in_a_task = false;
std::vector<NotedList>* noted = nullptr;

}  // namespace

void note_lists(std::vector<NotedList>* lists) { noted = lists; }

void set_threads(int threads) { threads_to_cut_for = threads; }
int threads() { return threads_to_cut_for; }
int cores_in_reach() { return threads_to_cut_for; }

ThreadLimit::ThreadLimit(int most) : before_(threads_to_cut_for) { set_threads(std::min(most, threads())); }
ThreadLimit::~ThreadLimit() { set_threads(before_); }

/// A single task, and what a task asks for, a team leaves to the thread that calls.
void run_tasks(const TaskList& list) {
  if (list.tasks <= 1 || in_a_task || noted == nullptr) {
    for (std::int64_t i = 0; i < list.tasks; ++i) list.function(list.context, i);
    return;
  }
  NotedList note;
  note.task_s.reserve(static_cast<std::size_t>(list.tasks));
  in_a_task = true;
  note.begin = note.end = Clock::now();
  for (std::int64_t i = 0; i < list.tasks; ++i) {
    list.function(list.context, i);
    const Clock::time_point now = Clock::now();
    note.task_s.push_back(std::chrono::duration<double>(now - note.end).count());
    note.end = now;
  }
  in_a_task = false;
  noted->push_back(std::move(note));
}

void with_team(const TaskList& body) { body.function(body.context, 0); }

}  // namespace shoal
