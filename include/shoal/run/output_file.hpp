#pragma once

#include <string>
#include <vector>

namespace shoal {

// What is written over and what is not, in one place. Nothing that shoal or its user may need is: by whatever name it
// is given, since names are resolved as the system does.

/// The first cell of a confusion matrix as CSV.
inline constexpr const char* confusion_corner = "true\\predicted";

/// How the importance of columns begins as CSV.
inline constexpr const char* importance_start = "column,importance,deviation";

/// What a command writes.
enum class Output {
  data_set,
  config,
  predictions,
  confusion,
  importance,
  trace,
  columns,
  c_source,
  onnx,
  report,
  events
};

/// How a report begins, so that a later one may replace it.
inline constexpr const char* report_start = "<!DOCTYPE html>\n<!-- shoal report -->\n";

/// To be called before a command works for long: whether it may write the file `out`. What is there must be empty, or
/// an earlier result of the same kind, of predictions, a confusion matrix, importances, a trace, an exported model or a
/// report; a data set and a config replace nothing. CSV of outputs by names of their own is not known from a table.
/// @param inputs  files that the command reads
/// @param run     folder of the run that it makes, if it makes one
/// @throws Error(usage)  when `out` is "-" (where that is standard output, the command knows), is read, is a folder,
/// belongs to a run or sweep, is called as a checkpoint in its folder, is a hard link of another file,
///                       or holds anything else
void check_output_file(const std::string& out, Output kind, const std::vector<std::string>& inputs,
                       const std::string& run = "");

enum class NewFolder { run, sweep };

/// Whether a run or sweep may be made in `folder`, which may be there or not.
/// @throws Error  input_output: it is a file, or below one; usage: it lies in another run or sweep; taken: it holds
///                no run or sweep, but files or folders by the names of one
void check_new_folder(const std::string& folder, NewFolder kind);

/// Whether runs or sweeps call a file or folder of theirs so.
bool is_name_of_runs(const std::string& name);

}  // namespace shoal
