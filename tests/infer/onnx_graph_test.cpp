#include "infer/export/onnx_graph.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(OnnxGraph, GivesEachValueANameOfItsOwn) {
  OnnxGraph graph;
  EXPECT_EQ(graph.input("Cast_1", OnnxType::float32, {1}), "Cast_1");
  EXPECT_EQ(graph.cast("Cast_1", OnnxType::int64), "Cast");
  EXPECT_EQ(graph.cast("Cast_1", OnnxType::int64), "Cast_2");
  EXPECT_EQ(graph.scalar(1), "number");
  // As of a table of 10,000 columns and more: each name by itself takes no longer than the first.
  std::string last;
  for (int i = 0; i < 200'000; ++i) last = graph.cast("Cast_1", OnnxType::int64);
  EXPECT_EQ(last, "Cast_200002");
}

}  // namespace
}  // namespace shoal
