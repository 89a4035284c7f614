#include "shoal/config/assign.hpp"

#include <gtest/gtest.h>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

TEST(Assign, TakesTheTypeOfTheKey) {
  Config config;
  set_value(config, "optimizer.l2", std::int64_t{1});
  set_value(config, "schedule.name", std::string("cosine"));
  assign(config, "train.epochs", "7");
  EXPECT_EQ(setting_of(config, "optimizer.l2"), Setting(1.0));
  EXPECT_EQ(setting_of(config, "schedule.name"), Setting(std::string("cosine")));
  EXPECT_EQ(setting_of(config, "train.epochs"), Setting(std::int64_t{7}));
  EXPECT_EQ(setting_of(config, "model.batch_norm.enabled"), Setting(false));
}

TEST(Assign, RefusesAnotherType) {
  Config config;
  EXPECT_THROW(set_value(config, "optimizer.l2", std::string("much")), Error);
  EXPECT_THROW(set_value(config, "train.epochs", 1.5), Error);
  EXPECT_THROW(set_value(config, "model.hidden", std::int64_t{8}), Error);
  EXPECT_THROW(set_value(config, "no.such", 1.0), Error);
  EXPECT_THROW(assign(config, "train.epochs", "1.5"), Error);
  EXPECT_THROW(static_cast<void>(setting_of(config, "model.hidden")), Error);
  EXPECT_EQ(config, Config());
}

}  // namespace
}  // namespace shoal
