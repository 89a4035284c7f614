#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/nn/layer_context.hpp"
#include "shoal/nn/layers.hpp"

namespace shoal {

inline LayerSpec dense(std::int64_t units, const std::string& name = "") {
  return {.type = "dense", .settings = {{"units", units}}, .name = name};
}

/// Why these layers cannot be built on four inputs; empty where they can.
inline std::string error_of(const std::vector<LayerSpec>& layers, ListedLayers listed = {}) {
  Graph g;
  try {
    build_layers(g, layers, g.input("x", 4), listed);
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    return e.what();
  }
  return "";
}

}  // namespace shoal
