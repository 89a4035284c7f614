#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>

#include "mpi_test.hpp"
#include "shoal/comm/launcher.hpp"

namespace shoal {
namespace {

TEST(MpiRuntime, WhatTheLauncherIsToldWaitsForNoAcknowledgement) {
  if (!find_launcher(std::getenv).found) return;
  ASSERT_GE(test_world().size(), 1);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int descriptor = std::atoi(entry.path().filename().c_str());
    int on = 0;
    socklen_t size = sizeof on;
    const bool is_tcp = ::getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0;
    EXPECT_TRUE(!is_tcp || on != 0) << descriptor;
  }
}

}  // namespace
}  // namespace shoal
