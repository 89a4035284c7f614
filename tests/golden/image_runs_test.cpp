// Runs of convolutional nets in PyTorch in float64 that shoal must follow; make_image_runs.py made image_runs.h5.
#include <gtest/gtest.h>

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

constexpr std::int64_t channels = 3, height = 31, width = 29, batch_size = 8, images = 32, steps = 20;

std::vector<float> floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

/// Numbers in the order of a file, of which the last layer is called otherwise.
std::vector<float> numbers_of(const GoldenFile& file, const std::string& group, const Parameter& p) {
  const bool known = file.has(group + p.name.substr(0, p.name.find('/')));
  return floats(file.numbers(group + (known ? p.name : "output" + p.name.substr(p.name.find('/')))));
}

void follow_images(const GoldenFile& file, const std::string& name) {
  const std::string path = "cases/" + name;
  const Config config = parse_config(file.text(path + "/config"), name, "/");
  const Model model(image_shape(channels, height, width), layers_of(config.model), 10, Loss::softmax);
  // Leaves of three images, the last of two; one at a time in a chain.
  const LeafShare share({batch_size, 3}, 4, 1, 0);
  Communicator alone;
  Replica replica(model, config.optimizer.name, alone, batch_size, 1);
  const std::string initial = path + "/initial/";
  for (const Parameter& p : model.graph().parameters())
    replica.fill_parameters(
        [&](std::span<float> flat) { p.from_file(numbers_of(file, initial, p), p.in(flat.data())); });
  model.graph().initialize_states(replica.states());
  std::vector<float> x = floats(file.numbers("x"));
  for (float& pixel : x) pixel = (pixel - 128.0f) / 64.0f;
  const std::vector<float> labels = floats(file.numbers("labels"));
  const std::vector<double> losses = file.numbers(path + "/losses");
  for (std::int64_t step = 1; step <= steps; ++step) {
    const std::int64_t first = (step - 1) * batch_size % images;
    const auto rows = [&](const std::vector<float>& all, std::int64_t size) {
      return std::span<const float>(all).subspan(static_cast<std::size_t>(first * size),
                                                 static_cast<std::size_t>(batch_size * size));
    };
    pack_samples(rows(x, channels * height * width), batch_size, replica.executor().input(model.input()));
    pack(rows(labels, 1), replica.executor().input(model.targets()), batch_size);
    replica.executor().forward({&share, share.range(), true, 1, static_cast<std::uint64_t>(step), {}}, model.loss());
    const double loss =
        fold_leaves(share, 2, AddMerge(), replica.executor().leaf_statistics())[0] / static_cast<double>(batch_size);
    const double expected = losses[static_cast<std::size_t>(step - 1)];
    ASSERT_NEAR(loss, expected, 1e-5 * expected) << name << ", step " << step;
    UpdateScalars scalars;
    scalars.settings = config.optimizer;
    scalars.learning_rate = config.optimizer.learning_rate;
    scalars.step = step;
    scalars.batch = static_cast<float>(batch_size);
    replica.backward(share);
    replica.update(scalars);
  }
  for (const Parameter& p : model.graph().parameters()) {
    const std::vector<float> expected = numbers_of(file, path + "/final/", p);
    std::vector<float> actual(expected.size());
    p.to_file(p.in(replica.parameters().data()), 0, p.rows, actual);
    for (std::size_t i = 0; i < actual.size(); ++i)
      ASSERT_NEAR(actual[i], expected[i], 1e-4) << name << ", " << p.name << " " << i;
  }
  for (const State& s : model.graph().states()) {
    const std::vector<double> expected = file.numbers(path + "/running/" + s.name);
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(replica.states()[static_cast<std::size_t>(s.offset) + i], expected[i], 1e-4)
          << name << ", " << s.name << " " << i;
  }
}

TEST(Golden, ConvolutionalNetsFollowPyTorch) {
  const GoldenFile file("image_runs.h5");
  ASSERT_TRUE(file.open());
  const std::vector<std::string> names = file.cases();
  ASSERT_EQ(names.size(), 2u);
  for (const std::string& name : names) follow_images(file, name);
}

}  // namespace
}  // namespace shoal
