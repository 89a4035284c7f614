#include <fmt/format.h>

#include "nn/builders.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"
#include "shoal/nn/convolution.hpp"

namespace shoal {

Value build_conv(LayerContext& context, Value x) {
  context.check_keys({"channels", "kernel", "stride", "padding", "groups", "init", "bias"});
  const std::int64_t channels = context.whole_number("channels", 65536);
  const std::int64_t kernel = context.whole_number("kernel", 1024);
  ConvolutionOptions options;
  options.kernel_height = options.kernel_width = kernel;
  options.stride = context.whole_number("stride", 1, 1, 1024);
  options.groups = context.whole_number("groups", 1, 1);
  const std::string padding = context.text("padding", "same");
  if (padding != "same" && padding != "valid")
    throw Error(ExitStatus::usage,
                fmt::format("padding of conv is \"{}\"; {}", padding, meant_or_all(padding, {"same", "valid"})));
  options.same_padding = padding == "same";
  const std::int64_t seen = x.shape().columns;
  if (seen % options.groups != 0 || channels % options.groups != 0)
    throw Error(ExitStatus::usage, fmt::format("conv: groups = {} does not divide the {} channels of {} and the {} "
                                               "that it makes",
                                               options.groups, seen, to_string(x.shape()), channels));
  const std::string name = context.next_name("conv");
  Initializer initializer = initializer_of(context);
  initializer.receptive = static_cast<double>(kernel * kernel) / static_cast<double>(options.groups);
  const Value weight =
      context.graph().variable(name + "/weight", {kernel, kernel, seen / options.groups, channels}, initializer, true);
  if (!has_bias(context)) return convolution(x, weight, options);
  return convolution(x, weight, context.graph().variable(name + "/bias", {channels}, zeros()), options);
}

}  // namespace shoal
