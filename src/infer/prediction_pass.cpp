#include "shoal/infer/prediction_pass.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shoal/core/error.hpp"
#include "shoal/graph/graph_cost.hpp"
#include "shoal/io/memory_limit.hpp"

namespace shoal {
namespace {

constexpr std::int64_t rows_per_task = 32;  // changes no bit: what becomes of a row depends on that row alone

std::int64_t affordable(std::int64_t capacity, const TrainedModel& trained, int processes_on_host) {
  const double bytes = kept_elements(trained.model.graph(), false) * static_cast<double>(capacity) * sizeof(float);
  const double most =
      std::min(static_cast<double>(host_memory()) / processes_on_host, static_cast<double>(process_memory()));
  if (bytes > most / 2.0)
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: {} samples at a time take about {:.3g} GB, more than half of the memory that "
                            "this process may use",
                            trained.path, capacity, bytes * 1e-9));
  return capacity;
}

}  // namespace

PredictionPass::PredictionPass(TrainedModel& trained, std::int64_t capacity, TreeSum& sums, int processes_on_host)
    : trained_(trained),
      reporter_(trained.path, trained.model, trained.data, trained.targets),
      capacity_(affordable(capacity, trained, processes_on_host)),
      executor_(trained.model.graph(), capacity_, sums) {
  executor_.bind(trained.parameters.data(), trained.states);
}

Predictions PredictionPass::predict(std::int64_t rows, const std::function<std::string(std::int64_t)>& row_name) {
  const Model& model = trained_.model;
  const LeafShare share(LeafCut{rows, rows_per_task});
  executor_.forward({&share, share.range(), false, 0, 0, {}}, model.logits());
  return reporter_.report(executor_.value(model.logits()), rows, row_name);
}

}  // namespace shoal
