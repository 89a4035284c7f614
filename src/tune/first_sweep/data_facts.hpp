#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/data/dataset.hpp"

namespace shoal {

/// What the space of a first sweep is chosen by.
struct DataFacts {
  std::string file;                    ///< absolute
  std::int64_t rows = 0;               ///< of train
  std::int64_t validation = 0;         ///< of the split of that name; 0: there is none
  std::int64_t inputs = 0;             ///< of a dense model, categories encoded; about, as all of train are asked
  bool bytes = false;                  ///< x is uint8
  bool table = false;                  ///< it has columns with types
  std::vector<std::int64_t> image;     ///< channels, height, width, where rows are images; else empty
  std::vector<std::int64_t> of_class;  ///< rows of train, by class; empty: targets
  std::int64_t outputs = 0;            ///< of targets
  bool yes_or_no = false;              ///< all targets are 0 or 1: several labels a row

  std::int64_t rarest() const;  ///< rows of the smallest class that has any
  std::int64_t commonest() const;
};

/// @throws Error  no_input, bad_data: no such data set, no train, or no y in it
DataFacts facts_of(const std::string& path);

}  // namespace shoal
