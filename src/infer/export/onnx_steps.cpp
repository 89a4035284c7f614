#include "infer/export/onnx_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shoal {
namespace {

bool is_image(const ValueShape& shape) { return shape.rows > 1; }

std::vector<std::int64_t> image_extents(const ValueShape& shape) {
  return {shape.columns, shape.height(), shape.width};
}

class OnnxStepWriter {
 public:
  OnnxStepWriter(OnnxGraph& graph, const Steps& steps, const std::string& input) : g_(graph), steps_(steps) {
    values_.push_back(is_image(steps.input) ? g_.reshape(input, image_extents(steps.input)) : input);
    for (const Step& step : steps.list) values_.push_back(write(step));
  }
  const std::string& output() const { return values_.back(); }

 private:
  const ValueShape& in(const Step& step, std::size_t i = 0) const { return steps_.shape(step.of[i]); }
  const std::string& value(const Step& step, std::size_t i = 0) const { return values_[step.of[i]]; }

  std::string constant(const StepArray& array, const std::vector<std::int64_t>& shape) {
    return g_.constant(array.name, shape, array.values);
  }
  std::string constant(const StepArray& array) { return constant(array, array.shape); }
  /// Of the channels of a value, to go with its elements.
  std::string by_channel(const StepArray& array, const ValueShape& shape) {
    if (is_image(shape)) return constant(array, {1, shape.columns, 1, 1});
    return constant(array, {1, shape.columns});
  }
  /// As an image, of one position too.
  std::string image(const Step& step) {
    return is_image(in(step)) ? value(step) : g_.reshape(value(step), image_extents(in(step)));
  }
  /// What stands for a value of that shape, made from an image.
  std::string made(const std::string& image, const ValueShape& shape) {
    return is_image(shape) ? image : g_.reshape(image, {shape.columns});
  }

  std::string write(const Step& step) {
    const std::string& name = step.operation;
    if (name == "dense") return dense(step);
    if (name == "conv") return conv(step);
    if (name == "batch_norm") return batch_norm(step);
    if (name == "layer_norm") return layer_norm(step);
    if (name == "group_norm") return group_norm(step);
    if (name == "max_pool" || name == "average_pool") return pool(step);
    if (name == "embedding") return embedding(step);
    if (name == "join") return join(step);
    if (name == "global_average_pool")
      return is_image(in(step)) ? made(g_.node("GlobalAveragePool", {value(step)}), step.made) : value(step);
    if (name == "flatten") return g_.node("Flatten", {value(step)}, {{"axis", std::int64_t{1}}});
    if (name == "add") return g_.node("Add", {value(step), value(step, 1)});
    if (name == "relu") return g_.node("Relu", {value(step)});
    if (name == "tanh") return g_.node("Tanh", {value(step)});
    if (name == "sigmoid") return g_.node("Sigmoid", {value(step)});
    if (name == "leaky_relu")
      return g_.node("LeakyRelu", {value(step)}, {{"alpha", static_cast<float>(step.real("slope"))}});
    if (name == "silu") return g_.node("Mul", {value(step), g_.node("Sigmoid", {value(step)})});
    // gelu
    const std::string scaled = g_.node("Mul", {value(step), g_.scalar(0.70710678118654752F)});
    const std::string share = g_.node("Add", {g_.node("Erf", {scaled}), g_.scalar(1.0F)});
    return g_.node("Mul", {g_.node("Mul", {value(step), g_.scalar(0.5F)}), share});
  }

  std::string dense(const Step& step) {
    const StepArray& weight = step.arrays[0];
    const std::int64_t inputs = in(step).columns;
    const std::int64_t units = step.made.columns;
    const bool of_conv = weight.shape.size() == 4;  // of one position: (units, channels, 1, 1)
    std::vector<std::string> given{value(step)};
    if (!is_image(in(step))) {
      given.push_back(of_conv ? constant(weight, {units, inputs}) : constant(weight));
      if (step.arrays.size() > 1) given.push_back(constant(step.arrays[1]));
      return g_.node("Gemm", given, {{"transB", std::int64_t{of_conv ? 1 : 0}}});
    }
    StepArray kernels{weight.name, {units, inputs, 1, 1}, weight.values};
    for (std::int64_t k = 0; !of_conv && k < inputs; ++k) {
      for (std::int64_t u = 0; u < units; ++u)
        kernels.values[static_cast<std::size_t>(u * inputs + k)] =
            weight.values[static_cast<std::size_t>(k * units + u)];
    }
    given.push_back(constant(kernels));
    if (step.arrays.size() > 1) given.push_back(constant(step.arrays[1]));
    return g_.node("Conv", given);
  }

  std::string conv(const Step& step) {
    const std::int64_t height = step.whole("kernel_height"), width = step.whole("kernel_width");
    const std::int64_t stride = step.whole("stride");
    const std::int64_t above = step.whole("before_y"), left = step.whole("before_x");
    const auto behind = [&](std::int64_t made, std::int64_t kernel, std::int64_t before, std::int64_t side) {
      return std::max<std::int64_t>((made - 1) * stride + kernel - before - side, 0);
    };
    const std::int64_t below = behind(step.made.height(), height, above, in(step).height());
    const std::int64_t right = behind(step.made.width, width, left, in(step).width);
    std::vector<std::string> given{image(step), constant(step.arrays[0])};
    if (step.arrays.size() > 1) given.push_back(constant(step.arrays[1]));
    return made(g_.node("Conv", given,
                        {{"kernel_shape", std::vector<std::int64_t>{height, width}},
                         {"strides", std::vector<std::int64_t>{stride, stride}},
                         {"pads", std::vector<std::int64_t>{above, left, below, right}},
                         {"group", step.whole("groups")}}),
                step.made);
  }

  std::string pool(const Step& step) {
    const std::int64_t size = step.whole("size"), stride = step.whole("stride"), padding = step.whole("padding");
    std::map<std::string, OnnxAttribute> attributes{
        {"kernel_shape", std::vector<std::int64_t>{size, size}},
        {"strides", std::vector<std::int64_t>{stride, stride}},
        {"pads", std::vector<std::int64_t>{padding, padding, padding, padding}}};
    const bool average = step.operation == "average_pool";
    if (average) attributes["count_include_pad"] = std::int64_t{1};
    return made(g_.node(average ? "AveragePool" : "MaxPool", {image(step)}, attributes), step.made);
  }

  /// By the mean as two floats: one, or the product with it that BatchNormalization takes, has not the digits of values
  /// that are far from 0.
  std::string batch_norm(const Step& step) {
    const NormNumbers norm = norm_numbers(step);
    const auto numbers = [&](const char* name, const std::vector<float>& values) {
      return by_channel(StepArray{name, {}, values}, step.made);
    };
    const std::string above = g_.node("Sub", {value(step), numbers("mean_high", norm.high)});
    const std::string centred = g_.node("Sub", {above, numbers("mean_low", norm.low)});
    return by_gamma_and_beta(step, g_.node("Mul", {centred, numbers("inverse_deviation", norm.inverse)}));
  }

  std::string by_gamma_and_beta(const Step& step, const std::string& normal) {
    return g_.node("Add", {g_.node("Mul", {normal, by_channel(step.arrays[0], step.made)}),
                           by_channel(step.arrays[1], step.made)});
  }

  /// Along an axis, in float64: the norms that ONNX has take a variance as a difference of two squares in float32.
  std::string normal(const Step& step, const std::string& values, std::int64_t axis) {
    const std::map<std::string, OnnxAttribute> along{{"axes", std::vector<std::int64_t>{axis}},
                                                     {"keepdims", std::int64_t{1}}};
    const std::string exact = g_.cast(values, OnnxType::float64);
    const std::string centred = g_.node("Sub", {exact, g_.node("ReduceMean", {exact}, along)});
    const std::string variance = g_.node("ReduceMean", {g_.node("Mul", {centred, centred})}, along);
    const std::string epsilon = g_.constant<double>("epsilon", {}, {step.real("epsilon")});
    const std::string deviation = g_.node("Sqrt", {g_.node("Add", {variance, epsilon})});
    return g_.cast(g_.node("Div", {centred, deviation}), OnnxType::float32);
  }

  std::string layer_norm(const Step& step) { return by_gamma_and_beta(step, normal(step, value(step), 1)); }

  std::string group_norm(const Step& step) {
    const std::int64_t groups = step.whole("groups");
    const std::string lines = g_.reshape(value(step), {groups, step.made.columns / groups * step.made.rows});
    const std::string normals = normal(step, lines, 2);
    return by_gamma_and_beta(step, is_image(step.made) ? g_.reshape(normals, image_extents(step.made))
                                                       : g_.reshape(normals, {step.made.columns}));
  }

  /// The row of the number in a column; the last for what is no number of a row.
  std::string embedding(const Step& step) {
    const std::int64_t last = step.arrays[0].shape[0] - 1;
    const std::string number =
        g_.node("Gather", {value(step), g_.constant<std::int64_t>("column", {}, {step.whole("column")})},
                {{"axis", std::int64_t{1}}});
    const std::string end = g_.scalar(static_cast<float>(last));
    const std::string in_range =
        g_.node("And", {g_.node("GreaterOrEqual", {number, g_.scalar(0.0F)}), g_.node("Less", {number, end})});
    const std::string is_row = g_.node("And", {in_range, g_.node("Equal", {g_.node("Floor", {number}), number})});
    const std::string row = g_.cast(g_.node("Where", {is_row, number, end}), OnnxType::int64);
    return g_.node("Gather", {constant(step.arrays[0]), row}, {{"axis", std::int64_t{0}}});
  }

  std::string join(const Step& step) {
    std::vector<std::string> parts;
    for (std::size_t k = 0; k < step.of.size(); ++k) {
      const std::int64_t columns = step.whole(fmt::format("columns_{}", k));
      const auto one = [&](std::int64_t number) { return g_.constant<std::int64_t>("bound", {1}, {number}); };
      parts.push_back(columns == in(step, k).columns
                          ? value(step, k)
                          : g_.node("Slice", {value(step, k), one(0), one(columns), one(1)}));
    }
    return g_.node("Concat", parts, {{"axis", std::int64_t{1}}});
  }

  OnnxGraph& g_;
  const Steps& steps_;
  std::vector<std::string> values_;
};

}  // namespace

std::string onnx_steps(OnnxGraph& graph, const Steps& steps, const std::string& input) {
  return OnnxStepWriter(graph, steps, input).output();
}

}  // namespace shoal
