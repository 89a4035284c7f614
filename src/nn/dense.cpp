#include <set>

#include "nn/builders.hpp"
#include "shoal/graph/expressions.hpp"

namespace shoal {

Initializer initializer_of(const LayerContext& context) {
  const std::string name = context.text("init", "auto");
  if (name != "auto") return initializer_by_name(name);
  static const std::set<std::string> between = {"average_pool", "batch_norm", "dropout",
                                                "group_norm",   "layer_norm", "max_pool"};
  std::size_t behind = 1;
  while (between.contains(context.type_behind(behind))) ++behind;
  const std::string type = context.type_behind(behind);
  return type == "relu" || type == "leaky_relu" ? he() : xavier();
}

bool has_bias(const LayerContext& context) {
  return context.type_behind(1) != "batch_norm" && context.flag("bias", true);
}

Value build_dense(LayerContext& context, Value x) {
  context.check_keys({"units", "init", "bias"});
  const std::int64_t units = context.whole_number("units");
  const std::string name = context.next_name("dense");
  const Value weight =
      context.graph().variable(name + "/weight", {x.shape().columns, units}, initializer_of(context), true);
  if (!has_bias(context)) return dense(x, weight);
  return dense(x, weight, context.graph().variable(name + "/bias", {units}, zeros()));
}

}  // namespace shoal
