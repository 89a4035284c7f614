#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "shoal/core/json.hpp"

namespace shoal {

/// What a list shows of a run or sweep: found by a look at the ends of its files, so that a thousand of them are fast.
/// Whatever is missing or half written is left out.
class RunSummary {
 public:
  RunSummary();
  explicit RunSummary(std::string folder);
  RunSummary(RunSummary&&) noexcept;
  RunSummary& operator=(RunSummary&&) noexcept;
  ~RunSummary();

  /// Looks again; files that have not changed are not read again.
  Json refresh();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
