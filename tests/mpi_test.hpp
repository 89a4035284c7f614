#pragma once

#include <string>

#include "shoal/comm/communicator.hpp"

/// All ranks that the test was started with. Tests talk through it alike on every rank; expectations that may stop a
/// test (ASSERT_) come after its last collective, or one rank leaves the others waiting.
shoal::Communicator& test_world();

/// Collective. Whether `text` is the same on every rank.
inline bool all_equal(const std::string& text) {
  std::string first = text;
  test_world().broadcast_string(first);
  return test_world().all_min(first == text ? 1 : 0) == 1;
}
