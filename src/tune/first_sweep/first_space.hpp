#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tune/first_sweep/data_facts.hpp"

namespace shoal {

/// A key and what it is set to, or searched in, as TOML, and why: a line each, one at least.
struct Advice {
  std::string key;
  std::string value;
  std::vector<std::string> why;
};

/// What a first sweep sets and searches, but for what its length decides.
struct FirstSpace {
  bool convolutions = false;
  std::vector<Advice> data;
  std::vector<Advice> model;
  std::vector<Advice> train;
  Advice metric;
  std::vector<Advice> space;  ///< in the order of importance
  std::int64_t epochs = 0;    ///< that a training should have
  std::int64_t trials = 0;
};

/// @param convolutions  rows are images: they are searched as such
FirstSpace first_space(const DataFacts& facts, bool convolutions);

/// Whether images are large enough that convolutions are worth it.
bool suits_convolutions(const DataFacts& facts);

}  // namespace shoal
