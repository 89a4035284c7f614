#pragma once

#include <string>
#include <vector>

#include "opening.hpp"
#include "roles.hpp"
#include "scan.hpp"

namespace shoal {

/// Which columns stand where in each file. The first `alike` files have equal headers; in others columns are found by
/// name: those that are left out go to `notes`.
/// @throws Error(bad_data)  for headers that differ, for a column that is missing
std::vector<CsvLayout> layouts_of(const CsvFiles& files, const CsvOpened& opened, const std::vector<CsvColumn>& columns,
                                  std::size_t alike, std::vector<std::string>& notes);

}  // namespace shoal
