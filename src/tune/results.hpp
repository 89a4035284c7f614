#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/tune/sweep.hpp"
#include "tune/outcome.hpp"

namespace shoal {

/// One trial in the results. Nothing here depends on ranks, times or places on disk.
struct TrialRow {
  std::int64_t trial = 0;
  std::optional<std::int64_t> place;  ///< from 1, the best; none when it failed
  std::string status;                 ///< done, stopped (by successive halving), failed
  std::int64_t round = 0;
  std::int64_t rung = 0;  ///< the last one
  std::vector<CurvePoint> curve;
  std::vector<std::string> values;  ///< per dimension, as TOML
  std::vector<double> numbers;      ///< per dimension, see number_at
  std::string reason;

  /// Nothing when it failed: its last point is not its result.
  const CurvePoint* result() const { return status == "failed" ? nullptr : &curve.back(); }
};

/// A finished sweep, by trial.
struct SweepTable {
  SweepSettings settings;
  std::vector<TrialRow> rows;
};
SweepTable make_table(const SweepSettings& settings, const SearchPlan& plan, const std::vector<History>& trials);

/// The text in a TOML string, anything else as it is.
std::string plain(const std::string& toml);

/// RFC 4180 with line feeds; texts without TOML's quotes.
std::string to_csv(const SweepTable& table);
/// A JSON object a line, with hyperparameters by key and the learning curve.
std::string to_jsonl(const SweepTable& table);
/// The same in HDF5, a row per trial; see results_h5.cpp for the arrays.
void write_h5(const SweepTable& table, const std::string& path);
/// What results leave out: which rank trained what, and for how long. In the order of trial and rung.
std::string times_jsonl(const std::vector<History>& trials);

/// Fills in counts, the winner and both tables for people.
void summarise(const SweepTable& table, const std::vector<History>& trials, SweepSummary& summary);

}  // namespace shoal
