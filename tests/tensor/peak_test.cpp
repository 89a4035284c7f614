#include "shoal/tensor/peak.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Peak, IsANumberThatAProcessorMayHave) {
  const double gflops = measure_peak_gflops();
  EXPECT_GT(gflops, 0.0);
  EXPECT_LT(gflops, 10'000.0) << "the loop was left out by the compiler";
}

}  // namespace
}  // namespace shoal
