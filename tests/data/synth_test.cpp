#include "shoal/data/synth.hpp"

#include <cmath>
#include <limits>

#include "data_files.hpp"

namespace shoal {
namespace {

class Synth : public DataFiles {
 protected:
  Dataset gaussians(const SynthOptions& options, const std::string& name = "out.h5") {
    summary_ = synth_gaussians(options, path(name));
    return Dataset::open(path(name));
  }
  Dataset spirals(const SynthOptions& options) {
    summary_ = synth_spirals(options, path("out.h5"));
    return Dataset::open(path("out.h5"));
  }
  DatasetSummary summary_;
};

TEST_F(Synth, GaussiansLieAroundTheirCentres) {
  const Dataset data = gaussians({.samples = 6000, .features = 4, .classes = 3, .seed = 2});
  EXPECT_EQ(data.classes(), 3);
  const Split train = data.split("train");
  const std::vector<float> x = x_of(train);
  const std::vector<std::int32_t> y = labels_of(train);
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], static_cast<std::int32_t>(i % 3));
  double spread = 0;
  for (std::size_t d = 0; d < 4; ++d) {
    for (std::size_t k = 0; k < 3; ++k) {
      double sum = 0;
      double squares = 0;
      for (std::size_t i = k; i < y.size(); i += 3) sum += x[4 * i + d];
      for (std::size_t i = k; i < y.size(); i += 3) squares += std::pow(x[4 * i + d] - sum / 2000, 2);
      EXPECT_NEAR(squares / 2000, 1.0, 0.15);
      spread += std::pow(sum / 2000, 2);
    }
  }
  EXPECT_GT(spread, 5.0);  // 12 coordinates of variance 4
}

TEST_F(Synth, RowsAreFunctionsOfSeedAndRow) {
  const std::vector<float> few = x_of(gaussians({.samples = 5, .features = 3, .classes = 2, .seed = 2}).split("train"));
  const std::vector<float> many =
      x_of(gaussians({.samples = 500, .features = 3, .classes = 2, .seed = 2}).split("train"));
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
  const std::vector<float> other =
      x_of(gaussians({.samples = 5, .features = 3, .classes = 2, .seed = 3}).split("train"));
  EXPECT_NE(few, other);
}

TEST_F(Synth, SplitsHoldEveryRowOnceInOrder) {
  const std::vector<float> all = x_of(gaussians({.samples = 1000, .features = 1, .classes = 2}).split("train"));
  const Dataset data = gaussians(
      {.samples = 1000, .features = 1, .classes = 2, .test_fraction = 0.2, .validation_fraction = 0.1}, "split.h5");
  EXPECT_NEAR(static_cast<double>(data.split("test").rows()), 200, 40);
  EXPECT_NEAR(static_cast<double>(data.split("validation").rows()), 100, 30);
  std::vector<std::vector<float>> parts;
  for (const std::string& name : data.names()) parts.push_back(x_of(data.split(name)));
  std::vector<std::size_t> at(parts.size(), 0);
  for (const float value : all) {  // a merge of the parts
    bool found = false;
    for (std::size_t p = 0; p < parts.size() && !found; ++p) {
      if (at[p] < parts[p].size() && parts[p][at[p]] == value) {
        ++at[p];
        found = true;
      }
    }
    ASSERT_TRUE(found);
  }
  EXPECT_EQ(data.content(), summary_.content);
}

TEST_F(Synth, SpiralsWindAroundTheOrigin) {
  const Dataset data = spirals({.samples = 3000, .features = 3, .classes = 3});
  const std::vector<float> x = x_of(data.split("train"));
  double far = 0;
  for (std::size_t i = 0; i < 3000; ++i) {
    const double radius = std::hypot(x[3 * i], x[3 * i + 1]);
    EXPECT_LT(radius, 1.0001);
    far = std::max(far, radius);
    // Undoing the turn leaves each class in its own direction.
    const double turn = std::atan2(x[3 * i + 1], x[3 * i]) - 1.5 * std::acos(-1.0) * radius;
    const double arm = turn / (2 * std::acos(-1.0)) * 3 - static_cast<double>(i % 3);
    EXPECT_LT(std::fabs(arm - 3 * std::round(arm / 3)), 0.5) << i;
  }
  EXPECT_GT(far, 0.99);
}

TEST_F(Synth, WritesTheSameBytesAgain) {
  gaussians({.samples = 300, .features = 5, .classes = 4, .test_fraction = 0.3}, "a.h5");
  gaussians({.samples = 300, .features = 5, .classes = 4, .test_fraction = 0.3}, "b.h5");
  EXPECT_EQ(bytes_of(path("a.h5")), bytes_of(path("b.h5")));
}

TEST_F(Synth, RefusesCountsThatCannotBe) {
  const auto refused = [&](const SynthOptions& options, const std::vector<std::string>& words) {
    expect_error([&] { spirals(options); }, ExitStatus::usage, words);
  };
  refused({.samples = 0, .features = 2, .classes = 2}, {"--samples is 0"});
  refused({.samples = 1, .features = 1, .classes = 2}, {"--features is 1", "at least 2"});
  refused({.samples = 1, .features = 2, .classes = 0}, {"--classes is 0"});
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  refused({.samples = 1, .features = 2, .classes = most_classes + 1}, {"--classes is 1048577", "at most 1048576"});
  refused({.samples = 1, .features = most, .classes = 1}, {"--features is 9223372036854775807", "at most 67108864"});
  refused({.samples = most, .features = 2, .classes = 1}, {"--samples is 9223372036854775807", "at most"});
  refused({.samples = 1, .features = 2, .classes = 1, .test_fraction = 1.5}, {"--test-fraction is 1.5"});
  refused({.samples = 1, .features = 2, .classes = 1, .test_fraction = 0.999999}, {"none was drawn to train"});
}

}  // namespace
}  // namespace shoal
