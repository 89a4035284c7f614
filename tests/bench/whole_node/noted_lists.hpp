// shoal/tensor/parallel.hpp once more, for a program that counts what a team of any size would get: a program linked
// with noted_lists.cpp has it in the place of the library's.
#pragma once

#include <chrono>
#include <vector>

namespace shoal {

/// One call of parallel_for that a team would have shared. Its tasks are those for threads(), done one after the other.
struct NotedList {
  std::chrono::steady_clock::time_point begin;
  std::chrono::steady_clock::time_point end;
  std::vector<double> task_s;  ///< how long each took
};

/// Notes lists behind those that are there, from here on; null: no more.
void note_lists(std::vector<NotedList>* lists);

}  // namespace shoal
