#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <variant>

#include "nn/builders.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"
#include "shoal/nn/convolution.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_kernel = 1024;

struct Kernel {
  std::int64_t height = 1;
  std::int64_t width = 1;
};

/// One number for both sides, or height and width as "3x5", which is what a config's [3, 5] becomes.
Kernel kernel_of(const LayerContext& context) {
  const auto found = context.layer().settings.find("kernel");
  const auto* text = found == context.layer().settings.end() ? nullptr : std::get_if<std::string>(&found->second);
  if (text == nullptr) {
    const std::int64_t side = context.whole_number("kernel", most_kernel);
    return {side, side};
  }
  Kernel kernel;
  const char* const end = text->data() + text->size();
  const auto height = std::from_chars(text->data(), end, kernel.height);
  const bool parted = height.ec == std::errc{} && height.ptr != end && *height.ptr == 'x';
  const auto width = parted ? std::from_chars(height.ptr + 1, end, kernel.width) : height;
  const auto fits = [](std::int64_t side) { return side >= 1 && side <= most_kernel; };
  if (!parted || width.ec != std::errc{} || width.ptr != end || !fits(kernel.height) || !fits(kernel.width))
    throw Error(ExitStatus::usage,
                fmt::format("kernel of conv is \"{}\"; use a whole number, or two for height and width such as [3, 5], "
                            "each in 1..{}",
                            *text, most_kernel));
  return kernel;
}

}  // namespace

Value build_conv(LayerContext& context, Value x) {
  context.check_keys({"channels", "kernel", "stride", "padding", "groups", "init", "bias"});
  context.check_given({"channels", "kernel"}, "channels = 16, kernel = 3");
  const std::int64_t channels = context.whole_number("channels", 65536);
  const auto [kernel_height, kernel_width] = kernel_of(context);
  ConvolutionOptions options;
  options.kernel_height = kernel_height;
  options.kernel_width = kernel_width;
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
  initializer.receptive = static_cast<double>(kernel_height * kernel_width) / static_cast<double>(options.groups);
  const Value weight = context.graph().variable(
      name + "/weight", {kernel_height, kernel_width, seen / options.groups, channels}, initializer, true);
  if (!has_bias(context)) return convolution(x, weight, options);
  return convolution(x, weight, context.graph().variable(name + "/bias", {channels}, zeros()), options);
}

}  // namespace shoal
