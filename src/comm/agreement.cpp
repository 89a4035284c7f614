#include "comm/agreement.hpp"

#include <fmt/format.h>

namespace shoal {
namespace {

std::string describe(const CollectiveCall& call) {
  switch (call.kind) {
    case Collective::barrier: return "barrier";
    case Collective::broadcast: return fmt::format("broadcast of {} from rank {}", call.count, call.root);
    case Collective::gather: return fmt::format("gather on rank {}", call.root);
    case Collective::all_gather: return fmt::format("all_gather of {}", call.count);
    case Collective::tree_reduce: return fmt::format("tree_reduce of {}", call.count);
    case Collective::exchange_gradients: return "exchange of gradients";
    case Collective::split: return "split";
  }
  return "an unknown collective";
}

}  // namespace

std::string disagreement(std::span<const CollectiveCall> calls) {
  std::string others;
  for (std::size_t r = 1; r < calls.size(); ++r) {
    if (calls[r] != calls[0]) others += fmt::format(", rank {} {}", r, describe(calls[r]));
  }
  return others.empty() ? "" : fmt::format("rank 0 {}{}", describe(calls[0]), others);
}

}  // namespace shoal
