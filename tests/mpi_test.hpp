#pragma once

#include "shoal/comm/communicator.hpp"

/// All ranks that the test was started with. Tests talk through it alike on every rank; expectations that may stop a
/// test (ASSERT_) come after its last collective, or one rank leaves the others waiting.
shoal::Communicator& test_world();
