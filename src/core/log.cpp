#include "shoal/core/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace shoal {
namespace {

int rank_of_log = 0;

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("shoal", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("shoal: %v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

}  // namespace

void log_info(std::string_view message) { logger().info("{}", message); }

void log_warning(std::string_view message) { logger().warn("warning: {}", message); }

void set_log_rank(int rank) {
  rank_of_log = rank;
  logger().set_level(rank == 0 ? spdlog::level::info : spdlog::level::off);
}

int log_rank() noexcept { return rank_of_log; }

}  // namespace shoal
