// Runs of PyTorch in float64 that shoal must follow; make_golden.py made golden.h5 and describes it.
#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "golden_file.hpp"
#include "shoal/config/config.hpp"
#include "shoal/config/model_layers.hpp"
#include "shoal/optim/schedule.hpp"
#include "train/replica.hpp"

namespace shoal {
namespace {

const GoldenFile& golden() {
  static const GoldenFile file("golden.h5");
  return file;
}

void follow(const std::string& name) {
  const GoldenFile& file = golden();
  const std::string path = "cases/" + name;
  const Config config = parse_config(file.text(path + "/config"), name, "/");
  const bool softmax = config.model.loss.name == "softmax";
  const Model model(64, layers_of(config.model), 10,
                    softmax ? Loss::softmax : (config.model.loss.name == "sigmoid" ? Loss::sigmoid : Loss::mse));
  const std::int64_t batch_size = config.data.batch_size;
  const std::vector<double> x = file.numbers("x");
  const std::vector<double> targets =
      file.numbers(softmax ? "labels" : (config.model.loss.name == "sigmoid" ? "multi_label" : "regression"));

  Communicator alone;
  Replica replica(model, config.optimizer.name, alone, batch_size, 1);
  for (const Parameter& p : model.graph().parameters()) {
    const std::vector<double> start = file.numbers(path + "/initial/" + p.name);
    replica.fill_parameters(
        [&](std::span<float> flat) { pack(std::span<const double>(start), p.in(flat.data()), p.rows); });
  }
  const LeafShare share({batch_size, samples_per_leaf(batch_size, default_leaves(batch_size))},
                        default_leaves(batch_size), 1, 0);
  const std::vector<double> losses = file.numbers(path + "/losses");
  const std::vector<double> rates = file.numbers(path + "/learning_rates");
  for (std::int64_t step = 1; step <= config.train.steps; ++step) {
    const auto rows = [&](const std::vector<double>& all, std::int64_t columns) {
      return std::span(all).subspan(static_cast<std::size_t>((step - 1) * batch_size * columns),
                                    static_cast<std::size_t>(batch_size * columns));
    };
    pack(rows(x, 64), replica.executor().input(model.input()), batch_size);
    pack(rows(targets, softmax ? 1 : 10), replica.executor().input(model.targets()), batch_size);
    replica.executor().forward({&share, share.range(), true, 1, static_cast<std::uint64_t>(step), {}}, model.loss());
    const double loss =
        fold_leaves(share, 2, AddMerge(), replica.executor().leaf_statistics())[0] / static_cast<double>(batch_size);
    ASSERT_EQ(share.nodes().size(), 1u);
    const double expected = losses[static_cast<std::size_t>(step - 1)];
    ASSERT_NEAR(loss, expected, 1e-5 * expected) << name << ", step " << step;
    UpdateScalars scalars;
    scalars.settings = config.optimizer;
    scalars.learning_rate = learning_rate(config.optimizer, config.schedule, step, 5, config.train.steps);
    ASSERT_NEAR(scalars.learning_rate, rates[static_cast<std::size_t>(step - 1)], 1e-12) << name << ", step " << step;
    scalars.step = step;
    scalars.batch = static_cast<float>(batch_size);
    replica.backward(share);
    replica.update(scalars);
  }
  for (const Parameter& p : model.graph().parameters()) {
    const std::vector<double> expected = file.numbers(path + "/final/" + p.name);
    std::vector<double> actual(expected.size());
    unpack(Panels<const float>(p.in(replica.parameters().data())), p.rows, std::span(actual));
    for (std::size_t i = 0; i < actual.size(); ++i)
      ASSERT_NEAR(actual[i], expected[i], 1e-4) << name << ", " << p.name << " " << i;
  }
  for (const State& s : model.graph().states()) {
    const std::vector<double> expected = file.numbers(path + "/running/" + s.name);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(replica.states()[static_cast<std::size_t>(s.offset) + i], expected[i], 1e-4)
          << name << ", " << s.name << " " << i;
    }
  }
}

TEST(Golden, EveryRunFollowsPyTorch) {
  ASSERT_TRUE(golden().open());
  const std::vector<std::string> names = golden().cases();
  ASSERT_GE(names.size(), 40u);
  for (const std::string& name : names) follow(name);
}

}  // namespace
}  // namespace shoal
