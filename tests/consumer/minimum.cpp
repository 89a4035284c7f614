// Minimises w^2 - 10 w + 25, whose minimum is at w = 5, by gradient descent.
#include <cmath>
#include <iostream>
#include <shoal/shoal.hpp>

int main(int argc, char** argv) {
  shoal::Session session(argc, argv);
  shoal::Graph graph;
  auto w = graph.variable("w", {1}, shoal::zeros());
  auto cost = square(w) - 10.0f * w + 25.0f;
  shoal::minimize(cost, shoal::GradientDescent{.learning_rate = 0.01}, 1000);
  std::cout << "w = " << w.item() << '\n';
  return std::fabs(w.item() - 5.0F) < 1e-3F ? 0 : 1;
}
