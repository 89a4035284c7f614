#include "infer/export/c_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "infer/export/c_text.hpp"

namespace shoal {
namespace {

std::int64_t size_of(const ValueShape& shape) { return shape.rows * shape.columns; }

/// Where values stand in the working memory: each from its step to the last one that reads it.
class ValuePlaces {
 public:
  explicit ValuePlaces(const Steps& steps) : at_(steps.list.size() + 1), last_(steps.list.size() + 1) {
    for (std::size_t i = 0; i < steps.list.size(); ++i)
      for (const std::size_t value : steps.list[i].of) last_[value] = i;
    last_[steps.output()] = steps.list.size();
    place(steps, 0, 0);
    for (std::size_t i = 0; i < steps.list.size(); ++i) {
      const Step& step = steps.list[i];
      if (elementwise(step.operation) && last_[step.of.front()] == i)
        at_[i + 1] = at_[step.of.front()];
      else
        place(steps, i + 1, i);
    }
  }

  std::int64_t at(std::size_t value) const { return at_[value]; }
  std::int64_t size() const { return size_; }

 private:
  static bool elementwise(const std::string& operation) {
    static const std::set<std::string> names = {"add",  "batch_norm", "gelu", "leaky_relu", "layer_norm",
                                                "relu", "sigmoid",    "silu", "tanh",       "group_norm"};
    return names.contains(operation);
  }

  /// The first gap among the values that are still read when `step` is done.
  void place(const Steps& steps, std::size_t value, std::size_t step) {
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    for (std::size_t other = 0; other < value; ++other) {
      if (last_[other] >= step) taken.emplace_back(at_[other], at_[other] + size_of(steps.shape(other)));
    }
    std::sort(taken.begin(), taken.end());
    const std::int64_t size = size_of(steps.shape(value));
    std::int64_t begin = 0;
    for (const auto& [from, end] : taken) {
      if (begin + size <= from) break;
      begin = std::max(begin, end);
    }
    at_[value] = begin;
    size_ = std::max(size_, begin + size);
  }

  std::vector<std::int64_t> at_;
  std::vector<std::size_t> last_;
  std::int64_t size_ = 0;
};

/// From (units, channels, height, width) to (height, width, channels, units).
StepArray kernels_last(const StepArray& weight) {
  const std::int64_t units = weight.shape[0];
  const std::int64_t rest = std::ssize(weight.values) / units;
  const std::int64_t positions = weight.shape[2] * weight.shape[3];
  StepArray turned{weight.name, {}, std::vector<float>(weight.values.size())};
  for (std::int64_t u = 0; u < units; ++u) {
    for (std::int64_t k = 0; k < rest; ++k)
      turned.values[static_cast<std::size_t>((k % positions * weight.shape[1] + k / positions) * units + u)] =
          weight.values[static_cast<std::size_t>(u * rest + k)];
  }
  return turned;
}

class CStepWriter {
 public:
  explicit CStepWriter(const Steps& steps) : steps_(steps), places_(steps) {
    for (std::size_t i = 0; i < steps.list.size(); ++i) write(i);
    made_.work = places_.size();
    made_.input = places_.at(0);
    made_.output = places_.at(steps.output());
  }

  CSteps made() && { return std::move(made_); }

 private:
  const ValueShape& in(const Step& step, std::size_t i = 0) const { return steps_.shape(step.of[i]); }
  std::string value(std::size_t v) const { return fmt::format("work + {}", places_.at(v)); }

  /// Defines an array of a step. @returns what calls it
  template <class T>
  std::string array(std::size_t i, const char* what, const std::vector<T>& values, const std::string& name) {
    std::string called = fmt::format("{}_{}", what, i + 1);
    made_.arrays += fmt::format("\n/* {} */\n", c_comment(name)) + c_array(called, std::span<const T>(values), name);
    return called;
  }
  std::string array(std::size_t i, const char* what, const StepArray& a) { return array(i, what, a.values, a.name); }
  std::string bias(std::size_t i) {
    const Step& step = steps_.list[i];
    return step.arrays.size() > 1 ? array(i, "bias", step.arrays[1]) : "NULL";
  }

  void call(const std::string& function, const std::string& arguments) {
    made_.functions.insert(function);
    made_.statements += fmt::format("  {}({});\n", function, arguments);
  }

  void write(std::size_t i) {
    const Step& step = steps_.list[i];
    const std::string x = step.of.empty() ? "" : value(step.of.front());
    const std::string y = value(i + 1);
    const std::string& name = step.operation;
    const ValueShape& made = step.made;
    if (name == "dense") {
      const std::string weight =
          array(i, "weight", step.arrays[0].shape.size() == 4 ? kernels_last(step.arrays[0]) : step.arrays[0]);
      call(name,
           fmt::format("{}, {}, {}, {}, {}, {}, {}", made.rows, in(step).columns, made.columns, x, weight, bias(i), y));
    } else if (name == "conv") {
      write_conv(i, x, y);
    } else if (name == "batch_norm") {
      write_batch_norm(i, x, y);
    } else if (name == "layer_norm" || name == "group_norm") {
      const std::string gamma = array(i, "gamma", step.arrays[0]);
      const std::string beta = array(i, "beta", step.arrays[1]);
      const std::string groups = name == "layer_norm" ? "" : fmt::format(" {},", step.whole("groups"));
      call(name, fmt::format("{}, {},{} {}, {}, {}, {}, {}", made.rows, made.columns, groups,
                             c_number(step.real("epsilon"), name), gamma, beta, x, y));
    } else if (name == "max_pool" || name == "average_pool") {
      made_.functions.insert("pool");
      made_.statements += fmt::format(
          "  {{\n    const struct pool_shape shape = {{{}, {}, {}, {}, {}, {}, {}, {}}};\n    pool(shape, {}, {}, "
          "{});\n  }}\n",
          in(step).height(), in(step).width, in(step).columns, made.height(), made.width, step.whole("size"),
          step.whole("stride"), step.whole("padding"), name == "average_pool" ? 1 : 0, x, y);
    } else if (name == "global_average_pool" || name == "flatten") {
      call(name, fmt::format("{}, {}, {}, {}", in(step).rows, in(step).columns, x, y));
    } else if (name == "join") {
      std::int64_t before = 0;
      for (std::size_t k = 0; k < step.of.size(); ++k) {
        const std::int64_t columns = step.whole(fmt::format("columns_{}", k));
        call(name, fmt::format("{}, {}, {}, {}, {}, {}, {}", made.rows, columns, in(step, k).columns, before,
                               made.columns, value(step.of[k]), y));
        before += columns;
      }
    } else if (name == "embedding") {
      const StepArray& table = step.arrays[0];
      const std::string called = array(i, "table", table);
      call(name, fmt::format("{}, {}, work[{}], {}, {}", table.shape[0], table.shape[1],
                             places_.at(step.of.front()) + step.whole("column"), called, y));
    } else if (name == "add") {
      call(name, fmt::format("{}, {}, {}, {}", size_of(made), x, value(step.of[1]), y));
    } else if (name == "leaky_relu") {
      call(name, fmt::format("{}, {}f, {}, {}", size_of(made),
                             c_number(static_cast<double>(static_cast<float>(step.real("slope"))), name), x, y));
    } else {
      call(name == "tanh" ? "tanh_layer" : name, fmt::format("{}, {}, {}", size_of(made), x, y));
    }
  }

  void write_conv(std::size_t i, const std::string& x, const std::string& y) {
    const Step& step = steps_.list[i];
    const std::string weight = array(i, "weight", kernels_last(step.arrays[0]));
    made_.functions.insert("conv");
    made_.statements +=
        fmt::format("  {{\n    const struct conv_shape shape = {{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}};\n",
                    in(step).height(), in(step).width, in(step).columns, step.made.height(), step.made.width,
                    step.made.columns, step.whole("kernel_height"), step.whole("kernel_width"), step.whole("stride"),
                    step.whole("groups"), step.whole("before_y"), step.whole("before_x"));
    made_.statements += fmt::format("    conv(shape, {}, {}, {}, {});\n  }}\n", x, weight, bias(i), y);
  }

  void write_batch_norm(std::size_t i, const std::string& x, const std::string& y) {
    const Step& step = steps_.list[i];
    const auto channels = static_cast<std::size_t>(step.made.columns);
    const NormNumbers norm = norm_numbers(step);
    std::vector<float> numbers;
    for (std::size_t c = 0; c < channels; ++c)
      numbers.insert(numbers.end(),
                     {norm.high[c], norm.low[c], norm.inverse[c], step.arrays[0].values[c], step.arrays[1].values[c]});
    const std::string called = array(i, "norm", numbers, step.arrays[0].name);
    call("batch_norm", fmt::format("{}, {}, {}, {}, {}", step.made.rows, channels, called, x, y));
  }

  const Steps& steps_;
  ValuePlaces places_;
  CSteps made_;
};

}  // namespace

CSteps c_steps(const Steps& steps) { return CStepWriter(steps).made(); }

}  // namespace shoal
