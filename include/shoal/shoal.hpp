#pragma once

// All that a C++ user needs; README.md and src/README.md have programs.

#include "shoal/comm/communicator.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/import.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/infer/ensemble.hpp"
#include "shoal/infer/predictor.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/nn/model.hpp"
#include "shoal/nn/operations.hpp"
#include "shoal/nn/pooling.hpp"
#include "shoal/nn/presets.hpp"
#include "shoal/optim/optimizer.hpp"
#include "shoal/train/minimize.hpp"
#include "shoal/train/trainer.hpp"
