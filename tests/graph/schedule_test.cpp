#include "graph/schedule.hpp"

#include <gtest/gtest.h>

#include <string>

#include "shoal/graph/expressions.hpp"

namespace shoal {
namespace {

/// "forward 3, statistics 4 | parameter 2" for each phase.
std::vector<std::string> text(const Schedule& schedule) {
  std::vector<std::string> phases;
  for (const Phase& phase : schedule) {
    std::string line;
    for (std::size_t id : phase.whole) line += (line.empty() ? "" : " | ") + ("whole " + std::to_string(id));
    for (const TaskGroup& group : phase.groups) {
      if (!line.empty()) line += " | ";
      if (group.parameter) line += "parameter " + std::to_string(group.node);
      for (std::size_t s = 0; s < group.stages.size(); ++s) {
        const TileStage& stage = group.stages[s];
        line += s == 0 ? "" : ", ";
        line += stage.kind == TileStage::Kind::forward      ? "forward "
                : stage.kind == TileStage::Kind::statistics ? "statistics "
                                                            : "pull ";
        line += std::to_string(stage.node);
      }
    }
    phases.push_back(line);
  }
  return phases;
}

TEST(Schedule, ElementwiseOperationsJoinTheChainOfTheirInput) {
  Graph g;
  const Value x = g.input("x", 40);                                          // 0
  const Value h = relu(dense(x, g.variable("w", {40, 70}, xavier())));       // 1, 2, 3
  const Value y = tanh(dense(h, g.variable("v", {70, 3}, xavier())) * 2.0);  // 4, 5, 6, 7
  const Value loss = sum(square(y));                                         // 8, 9
  EXPECT_EQ(
      text(forward_schedule(g, loss.id(), true, true)),
      (std::vector<std::string>{"forward 2, forward 3", "forward 5, forward 6, forward 7, forward 8", "statistics 9"}));
  EXPECT_EQ(
      text(backward_schedule(g, loss.id(), true)),
      (std::vector<std::string>{"pull 8, pull 7, pull 6, pull 5", "parameter 4 | pull 3, pull 2", "parameter 1"}));
}

TEST(Schedule, AValueUsedTwiceWaitsForBothUses) {
  Graph g;
  const Value x = g.input("x", 8);                                    // 0
  const Value a = relu(dense(x, g.variable("w", {8, 8}, xavier())));  // 1, 2, 3
  const Value b = dense(a, g.variable("v", {8, 8}, xavier()));        // 4, 5
  const Value loss = sum(a + b);                                      // 6, 7
  EXPECT_EQ(text(forward_schedule(g, loss.id(), true, true)),
            (std::vector<std::string>{"forward 2, forward 3", "forward 5, forward 6", "statistics 7"}));
  EXPECT_EQ(text(backward_schedule(g, loss.id(), true)),
            (std::vector<std::string>{"pull 6, pull 5", "parameter 4 | pull 3, pull 2", "parameter 1"}));
}

TEST(Schedule, WholeValuesAreTheCallersWork) {
  Graph g;
  const Value w = g.variable("w", {3}, constant(1));  // 0
  const Value cost = sum(square(w));                  // 1, 2
  EXPECT_EQ(text(forward_schedule(g, cost.id(), true, true)), (std::vector<std::string>{"whole 1", "whole 2"}));
  EXPECT_EQ(text(backward_schedule(g, cost.id(), true)),
            (std::vector<std::string>{"whole 1", "whole 0 | parameter 0"}));
}

TEST(Schedule, PhasesSayWhatTheyDoAndCountTheirProducts) {
  Graph g;
  const Value h = relu(dense(g.input("x", 40), g.variable("1/w", {40, 70}, xavier())));
  const Value loss = sum(square(dense(h, g.variable("2/w", {70, 3}, xavier()))));
  double flops = 0.0;
  std::string names;
  for (const Phase& phase : forward_schedule(g, loss.id(), true, true)) {
    flops += phase.flops_per_sample;
    names += phase.name + '\n';
  }
  EXPECT_EQ(flops, 2.0 * (40 * 70 + 70 * 3));
  EXPECT_NE(names.find("forward 1 relu"), std::string::npos) << names;
  flops = 0.0;
  names.clear();
  for (const Phase& phase : backward_schedule(g, loss.id(), true)) {
    flops += phase.flops_per_sample;
    names += phase.name + '\n';
  }
  EXPECT_EQ(flops, 2.0 * (40 * 70 + 2 * 70 * 3));  // no derivative of x
  EXPECT_NE(names.find("2/w"), std::string::npos) << names;
}

}  // namespace
}  // namespace shoal
