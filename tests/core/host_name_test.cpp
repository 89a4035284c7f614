#include "shoal/core/host_name.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(HostName, IsNotEmpty) { EXPECT_FALSE(host_name().empty()); }

}  // namespace
}  // namespace shoal
