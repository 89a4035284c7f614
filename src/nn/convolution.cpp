#include "shoal/nn/convolution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "nn/convolution_shape.hpp"
#include "nn/padded_image.hpp"
#include "nn/scratch.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/described.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/tensor/convolution.hpp"

namespace shoal {
namespace {

/// Positions in a chain of the weight gradient: both operands stay in the first-level cache.
constexpr std::int64_t chain_positions = 64;
/// Rows of a weight whose gradient one task makes, about.
constexpr std::int64_t task_rows = 96;
constexpr std::int64_t most_task_rows = 256;

/// Columns [first, end) of a panel.
struct Columns {
  std::int64_t first = 0;
  std::int64_t end = panel_width;
};

/// Kernel positions in a sum, beside each other.
struct Taps {
  std::int64_t y = 0;
  std::int64_t x = 0;
};

/// Where what a sum adds up lies in a padded image: of each tap the channels of a channelwise convolution, of all taps
/// in a row of the kernel the channels of another.
struct TapPlan {
  std::vector<Stretch> stretches;
  std::vector<std::int64_t> offsets;
};

/// Of a tile.
struct TileRows {
  std::int64_t sample_rows = 1;  ///< of each sample
  std::int64_t pitch = panel_width;
};

struct SumPlan {
  Places places;
  TapPlan taps;
  std::int64_t weight_rows = 0;
};

/// Inputs: x, weight, bias or none. derived: the weight turned round, for the gradient of x.
class ConvolutionOperation final : public OperationOf<ConvolutionOperation>, public Described {
 public:
  explicit ConvolutionOperation(const ConvolutionShape& shape)
      : s_(shape),
        outputs_{places_of_outputs(),
                 taps_of({s_.y.kernel, s_.x.kernel}, s_.x.padded(), image_channels(s_.group_channels())),
                 s_.weight_rows()} {
    for_phases([&](std::int64_t py, std::int64_t px) {
      const Taps taps{s_.y.taps(py), s_.x.taps(px)};
      inputs_.push_back({places_of_inputs(py, px), taps_of(taps, s_.x.padded_out(), image_channels(s_.group_units())),
                         taps.y * taps.x * s_.group_units()});
    });
  }

  std::string_view name() const override { return "conv"; }
  Settings settings() const override {
    return {{"kernel_height", s_.y.kernel}, {"kernel_width", s_.x.kernel}, {"stride", s_.y.stride},
            {"groups", s_.groups},          {"before_y", s_.y.before},     {"before_x", s_.x.before}};
  }
  bool multiplies(std::size_t input) const override { return input == 1; }
  ValueShape shape(std::span<const ValueShape>) const override { return image_shape(s_.units, s_.y.out, s_.x.out); }
  std::int64_t derived_size(std::span<const ValueShape>, std::int64_t) const override {
    return panels_of(s_.channels) * turned_panel();
  }
  bool forward_derives() const override { return false; }
  NarrowRows narrow_rows() const override { return s_.channelwise() ? NarrowRows::none : NarrowRows::any; }
  std::size_t scratch_bytes(std::span<const ValueShape>) const override {
    const std::int64_t image = s_.y.padded() * s_.x.padded() * image_channels(s_.group_channels());
    return static_cast<std::size_t>(image + s_.y.out * s_.x.out * panel_width) * sizeof(double);
  }
  bool backward_reads_output() const override { return false; }
  bool prepares_backward() const override { return true; }
  bool keeps_padding() const override { return s_.units % Extent::half == 0 && s_.channels % Extent::half == 0; }
  std::int64_t gradient_rows(std::size_t) const override {
    const std::int64_t line = kernel_line();
    if (line <= task_rows) return task_rows / line * line;
    const std::int64_t parts = (line + most_task_rows - 1) / most_task_rows;
    return (line + parts - 1) / parts;
  }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const T* bias = rows.input[2].panels.data == nullptr ? nullptr : rows.input[2].tile(panel);
    each_group(panel, s_.units, s_.group_units(), [&](std::int64_t group, Columns own) {
      sums(rows.input[0], s_.y, s_.x, padded_input(first_of(group, s_.group_channels(), panel)), {&outputs_, 1},
           rows.input[1].tile(panel), bias, own, rows.output.tile(panel),
           {rows.output.sample_rows, rows.output.panels.pitch}, rows.scratch);
    });
  }

  template <class T>
  void prepare_backward_block(const RowBlock<T>& rows) const {
    const Panels<const T>& weight = rows.input[1].panels;
    const std::int64_t each = s_.group_channels();
    for (std::int64_t first = 0; first < s_.channels; first += panel_width) {
      T* out = rows.derived.data() + first / panel_width * turned_panel();
      for_phases([&](std::int64_t py, std::int64_t px) {
        for (std::int64_t ty = s_.y.taps(py); ty-- > 0;) {
          for (std::int64_t tx = s_.x.taps(px); tx-- > 0;) {
            const std::int64_t position = (py + ty * s_.y.stride) * s_.x.kernel + px + tx * s_.x.stride;
            for (std::int64_t u = 0; u < s_.group_units(); ++u, out += panel_width) {
              for (std::int64_t c = 0; c < std::min(panel_width, s_.channels - first); ++c)
                out[c] = weight.at(position * each + (first + c) % each, (first + c) / each * s_.group_units() + u);
            }
          }
        }
      });
    }
  }

  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    const T* weight = rows.derived.data() + panel * turned_panel();
    each_group(panel, s_.channels, s_.group_channels(), [&](std::int64_t group, Columns own) {
      const PaddedImage padded{first_of(group, s_.group_units(), panel),
                               image_channels(s_.group_units()),
                               s_.y.most_taps() - 1,
                               s_.x.most_taps() - 1,
                               s_.y.padded_out(),
                               s_.x.padded_out()};
      sums<T>(rows.output_gradient, outputs_of(s_.y), outputs_of(s_.x), padded, inputs_, weight, nullptr, own, out,
              {rows.input[0].sample_rows, rows.input[0].panels.pitch}, {});
    });
  }

  /// In each leaf: chains of some image rows, added up in order.
  template <class T>
  void gradient_block(const RowBlock<T>& rows, std::size_t i, std::int64_t panel, std::int64_t first,
                      std::int64_t count, T* out) const {
    if (i == 2)
      return column_sum<T>(rows.output.count, rows.leaf_rows(), rows.output.panels.width(panel),
                           rows.output_gradient.tile(panel), out, rows.output_gradient.panels.pitch);
    each_group(panel, s_.units, s_.group_units(), [&](std::int64_t group, Columns own) {
      const std::int64_t size = count * panel_width;
      const std::int64_t samples = rows.output.samples();
      const std::int64_t leaves = (samples + rows.leaf_samples - 1) / rows.leaf_samples;
      std::vector<std::vector<T>> parts;
      for (std::int64_t leaf = 0; leaf < leaves; ++leaf) {
        std::vector<T>& part = parts.emplace_back(static_cast<std::size_t>(size), T{0});
        const std::int64_t end = std::min(samples, (leaf + 1) * rows.leaf_samples);
        for (std::int64_t sample = leaf * rows.leaf_samples; sample < end; ++sample)
          add_gradient(rows, sample, first_of(group, s_.group_channels(), panel), panel, first, count, own.end,
                       part.data());
        int merges = merges_after(leaf, leaf + 1 == leaves, static_cast<int>(parts.size()));
        for (; merges > 0; --merges, parts.pop_back())
          add_to<T>(size, parts.back().data(), parts[parts.size() - 2].data());
      }
      for (std::int64_t r = 0; r < count; ++r)
        std::copy(parts.front().data() + r * panel_width + own.first, parts.front().data() + r * panel_width + own.end,
                  out + r * panel_width + own.first);
    });
  }

 private:
  // A channelwise convolution lays out the channels of a panel at a time, others those of a group.
  std::int64_t image_channels(std::int64_t of_group) const { return s_.channelwise() ? panel_width : of_group; }
  std::int64_t first_of(std::int64_t group, std::int64_t each, std::int64_t panel) const {
    return s_.channelwise() ? panel * panel_width : group * each;
  }
  /// Calls f(group, its columns) for the groups with columns in the panel of a matrix that has `each` of each.
  template <class F>
  void each_group(std::int64_t panel, std::int64_t columns, std::int64_t each, F f) const {
    const std::int64_t begin = panel * panel_width;
    const std::int64_t end = std::min(columns, begin + panel_width);
    if (s_.channelwise()) return f(std::int64_t{0}, Columns{0, end - begin});
    for (std::int64_t group = begin / each; group * each < end; ++group)
      f(group, Columns{std::max(begin, group * each) - begin, std::min(end, (group + 1) * each) - begin});
  }
  template <class F>
  void for_phases(F f) const {
    for (std::int64_t py = 0; py < s_.y.phases(); ++py) {
      for (std::int64_t px = 0; px < s_.x.phases(); ++px) f(py, px);
    }
  }
  /// Of one sample, in its padded image and in the tile of outputs.
  Places places_of_outputs() const {
    const std::int64_t channels = image_channels(s_.group_channels());
    Places places;
    for (std::int64_t i = 0; i < s_.y.out; ++i) {
      for (std::int64_t j = 0; j < s_.x.out; ++j) {
        places.from.push_back((i * s_.y.pitch() * s_.x.padded() + j * s_.x.pitch()) * channels);
        places.to.push_back(i * s_.x.out + j);
      }
    }
    return places;
  }
  /// Likewise in the padded image of its outputs' gradient, from the earliest tap of the phase on, and in the tile of
  /// inputs.
  Places places_of_inputs(std::int64_t py, std::int64_t px) const {
    const std::int64_t units = image_channels(s_.group_units());
    Places places;
    for (std::int64_t i = 0; i < s_.y.in; ++i) {
      for (std::int64_t j = 0; j < s_.x.in; ++j) {
        if (s_.y.phase(i) != py || s_.x.phase(j) != px) continue;
        const std::int64_t y = s_.y.latest(i) + s_.y.most_taps() - s_.y.taps(py);
        const std::int64_t x = s_.x.latest(j) + s_.x.most_taps() - s_.x.taps(px);
        places.from.push_back((y * s_.x.padded_out() + x) * units);
        places.to.push_back(i * s_.x.in + j);
      }
    }
    return places;
  }
  PaddedImage padded_input(std::int64_t first_channel) const {
    return {first_channel, image_channels(s_.group_channels()),
            s_.y.before,   s_.x.before,
            s_.y.padded(), s_.x.padded(),
            s_.y.step(),   s_.x.step()};
  }
  /// The outputs as the image that a sum goes over.
  static ConvolutionAxis outputs_of(const ConvolutionAxis& axis) { return {axis.out, 1, 1, 1, 0}; }

  std::int64_t kernel_line() const { return s_.x.kernel * s_.group_channels(); }
  /// Elements of the turned weight for a panel of channels: for each phase its taps, last to first, (units, 32) each.
  /// Some are left over where a narrow image has no input of some phase.
  std::int64_t turned_panel() const { return s_.y.kernel * s_.x.kernel * s_.group_units() * panel_width; }

  static TapPlan taps_of(Taps taps, std::int64_t width, std::int64_t channels) {
    TapPlan made;
    for (std::int64_t y = 0; y < taps.y && taps.x > 0; ++y) {
      made.stretches.push_back({y * width * channels, taps.x * channels});
      for (std::int64_t x = 0; x < taps.x; ++x) made.offsets.push_back((y * width + x) * channels);
    }
    return made;
  }

  /// The image behind a sample's, if it is read as a whole and lies in one panel: of more, copying is little beside the
  /// products.
  template <class T>
  static NextRows<T> next_image(const Rows<const T>& images, std::int64_t sample, const PaddedImage& padded,
                                const SumPlan& plan) {
    const std::int64_t panel = padded.first_channel / panel_width;
    if (padded.skips() || padded.first_channel + padded.channels > (panel + 1) * panel_width || plan.places.to.empty())
      return {};
    const std::int64_t pitch = images.panels.pitch;
    return {images.tile(panel) + (sample + 1) * images.sample_rows * pitch,
            images.sample_rows / std::ssize(plan.places.to), padded.channels, pitch};
  }

  /// For each sample and the places of each plan: the sum over taps and channels of the padded image times the weight,
  /// in which the plans' rows follow each other, into columns `own` of the tile `out`.
  template <class T>
  void sums(const Rows<const T>& images, const ConvolutionAxis& y, const ConvolutionAxis& x, const PaddedImage& padded,
            std::span<const SumPlan> plans, const T* weight, const T* bias, Columns own, T* out, const TileRows& of,
            std::span<std::byte> scratch) const {
    const bool apart = own.first != 0;
    const std::int64_t of_sample = of.sample_rows * of.pitch;
    const std::int64_t aside = apart ? of_sample : 0;
    T* const image = scratch_memory<T>(scratch, static_cast<std::size_t>(padded.size() + aside));
    for (std::int64_t sample = 0; sample < images.samples(); ++sample, out += of_sample) {
      lay_out(images, y.in, x.in, sample, padded, 0, padded.height, image);
      T* const to = apart ? image + padded.size() : out;
      const T* rows = weight;
      for (const SumPlan& plan : plans) {
        if (s_.channelwise())
          channelwise_product<T>(plan.places, image, plan.taps.offsets, rows, bias, to);
        else
          gathered_product<T>(plan.places, image, plan.taps.stretches, rows, bias, own.end,
                              &plan == plans.data() ? next_image(images, sample, padded, plan) : NextRows<T>(), to,
                              of.pitch);
        rows += plan.weight_rows * panel_width;
        if (!apart) continue;
        for (const std::int64_t row : plan.places.to)
          std::copy(to + row * of.pitch + own.first, to + row * of.pitch + own.end, out + row * of.pitch + own.first);
      }
    }
  }

  /// Adds one sample's part to rows [first, first + count) of panel `panel` of the weight's gradient.
  template <class T>
  void add_gradient(const RowBlock<T>& rows, std::int64_t sample, std::int64_t first_channel, std::int64_t panel,
                    std::int64_t first, std::int64_t count, std::int64_t width, T* out) const {
    const std::int64_t line = kernel_line();
    const std::int64_t kernel_rows = s_.channelwise() ? s_.x.kernel : line;  // of the weight, a row of the kernel
    const std::int64_t low = first / kernel_rows;
    const std::int64_t high = (first + count - 1) / kernel_rows;
    const PaddedImage padded = padded_input(first_channel);
    const std::int64_t padded_line = padded.width * padded.channels;
    const std::int64_t image_rows = std::clamp<std::int64_t>(chain_positions / s_.x.out, 1, s_.y.out);
    // Rows of the padded image, from `low` on, take turns in as many places as a chain reads.
    const std::int64_t kept = (image_rows - 1) * s_.y.pitch() + high - low + 1;
    T* const laid_out = scratch_memory<T>({}, static_cast<std::size_t>(kept * padded_line));
    const auto place = [&](std::int64_t row) { return laid_out + row % kept * padded_line; };
    std::int64_t next = 0;
    const Rows<const T>& images = rows.input[0];
    const LineStrides strides{s_.x.pitch() * padded.channels, rows.output_gradient.panels.pitch, images.panels.pitch};
    const T* x = images.tile(first_channel / panel_width) + sample * images.sample_rows * strides.next_x;
    const T* dy = rows.output_gradient.tile(panel) + sample * rows.output.sample_rows * strides.d;
    const std::int64_t next_each = padded.skips() ? 0 : s_.y.pitch() * s_.x.pitch();
    std::vector<PositionLine<T>> lines;
    std::vector<const T*> positions;
    for (std::int64_t i = 0; i < s_.y.out; i += image_rows) {
      const std::int64_t some = std::min(image_rows, s_.y.out - i);
      for (next = std::max(next, i * s_.y.pitch()); next <= (i + some - 1) * s_.y.pitch() + high - low; ++next)
        lay_out(images, s_.y.in, s_.x.in, sample, padded, low + next, 1, place(next));
      // Of images in several panels those of the first: most of the gain.
      const T* const next_x = x + std::max<std::int64_t>(0, low + next - s_.y.before) * s_.x.in * strides.next_x;
      const T* const next_d = dy + (i + some) * s_.x.out * strides.d;
      for (std::int64_t k = low; k <= high; ++k) {
        const std::int64_t begin = std::max(first, k * kernel_rows);
        const std::int64_t units = std::min(first + count, (k + 1) * kernel_rows) - begin;
        T* const to = out + (begin - first) * panel_width;
        const auto from = [&](std::int64_t r) { return place((i + r) * s_.y.pitch() + k - low); };
        if (s_.channelwise()) {
          positions.clear();
          for (std::int64_t r = 0; r < some * s_.x.out; ++r)
            positions.push_back(from(r / s_.x.out) + r % s_.x.out * s_.x.pitch() * padded.channels);
          for (std::int64_t u = 0; u < units; ++u)
            add_channelwise_gradient<T>(some * s_.x.out, positions.data(),
                                        (begin - k * kernel_rows + u) * padded.channels,
                                        dy + i * s_.x.out * panel_width, to + u * panel_width);
          continue;
        }
        lines.clear();
        for (std::int64_t r = 0; r < some; ++r)
          lines.push_back({from(r) + begin - k * kernel_rows, dy + (i + r) * s_.x.out * strides.d, s_.x.out,
                           next_x + r * s_.y.pitch() * s_.x.in * strides.next_x, next_d + r * s_.x.out * strides.d,
                           next_each});
        add_line_gradient<T>(lines, strides, units, width, to);
      }
    }
  }

  ConvolutionShape s_;
  SumPlan outputs_;
  std::vector<SumPlan> inputs_;  // by phase
};

/// One position a kernel: a product of each position's channels.
bool is_dense(const ConvolutionShape& s) {
  return s.y.kernel == 1 && s.x.kernel == 1 && s.y.stride == 1 && s.groups == 1;
}

}  // namespace

Value convolution(Value x, Value weight, const ConvolutionOptions& options) {
  const ConvolutionShape shape = ConvolutionShape::of(x.shape(), weight.shape(), options);
  if (is_dense(shape)) return dense(x, weight);
  return x.graph().apply(std::make_shared<ConvolutionOperation>(shape), {x, weight});
}

Value convolution(Value x, Value weight, Value bias, const ConvolutionOptions& options) {
  const ConvolutionShape shape = ConvolutionShape::of(x.shape(), weight.shape(), options);
  if (bias.shape() != ValueShape{false, 1, shape.units})
    throw Error(ExitStatus::usage,
                fmt::format("the bias of conv is {}; it must be (1, {})", to_string(bias.shape()), shape.units));
  if (is_dense(shape)) return dense(x, weight, bias);
  return x.graph().apply(std::make_shared<ConvolutionOperation>(shape), {x, weight, bias});
}

}  // namespace shoal
