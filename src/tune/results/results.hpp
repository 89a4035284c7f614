#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/tune/sweep.hpp"
#include "shoal/tune/sweep_view.hpp"
#include "tune/outcome.hpp"

namespace shoal {

/// A sweep by trial.
struct SweepTable {
  SweepSettings settings;
  std::vector<TrialRow> rows;
};
/// @param trials  of a sweep under way some have no outcome yet: they wait. One that equals an earlier trial has the
///                result and place of that
SweepTable make_table(const SweepSettings& settings, const SearchPlan& plan, const std::vector<History>& trials);

/// Whether any trial took the result of an earlier one: then the files say so, in a column that most do not need.
bool any_taken_over(const SweepTable& table);

/// The text in a TOML string, anything else as it is.
std::string plain(const std::string& toml);

/// RFC 4180 with line feeds; texts without TOML's quotes. Where trials took the results of earlier ones, a last column
/// `same_as` names those.
std::string to_csv(const SweepTable& table);
/// A JSON object a line, with hyperparameters by key and the learning curve.
std::string to_jsonl(const SweepTable& table);
/// The same in HDF5, a row per trial; see results_h5.cpp for the arrays.
void write_h5(const SweepTable& table, const std::string& path);
/// What results leave out: which rank trained what, and for how long. In the order of trial and rung.
std::string times_jsonl(const std::vector<History>& trials);

/// Over the first rung, where all trials were trained alike, of those that did not fail there.
SweepImportance importance_of(const SweepTable& table, const std::vector<History>& trials);

/// Fills in counts, the winner and both tables for people.
void summarise(const SweepTable& table, const std::vector<History>& trials, SweepSummary& summary);

}  // namespace shoal
