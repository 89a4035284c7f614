#include "shoal/nn/convolution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "nn/convolution_shape.hpp"
#include "nn/padded_image.hpp"
#include "nn/scratch.hpp"
#include "nn/sum_plans.hpp"
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

/// Of a tile.
struct TileRows {
  std::int64_t sample_rows = 1;  ///< of each sample
  std::int64_t pitch = panel_width;
};

/// Rows [first, first + count) of panel `panel` of a weight's gradient, of one group.
template <class T>
struct GradientTile {
  std::int64_t first_channel = 0;  ///< of the group's input
  std::int64_t panel = 0;
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t width = panel_width;  ///< columns that are wanted
  T* out = nullptr;                  ///< (count, 32)
};

/// Inputs: x, weight, bias or none. derived: the weight turned round, for the gradient of x.
class ConvolutionOperation final : public OperationOf<ConvolutionOperation>, public Described {
 public:
  explicit ConvolutionOperation(const ConvolutionShape& shape)
      : s_(shape), outputs_(sums_of_outputs(shape)), inputs_(sums_of_inputs(shape)) {}

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
    const std::int64_t apart = s_.groups > 1 && !s_.channelwise() ? s_.y.out * s_.x.out * panel_width : 0;
    return static_cast<std::size_t>(outputs_.samples * (input_image(0).size() + apart)) * sizeof(double);
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
      sums(rows.input[0], s_.y.in, s_.x.in, input_image(first_of(group, s_.group_channels(), panel)), outputs_,
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
      const PaddedImage image{
          first_of(group, s_.group_units(), panel), s_.image_channels(s_.group_units()), 0, 0, s_.y.out, s_.x.out};
      sums<T>(rows.output_gradient, s_.y.out, s_.x.out, image, inputs_, weight, nullptr, own, out,
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
      const std::int64_t first_channel = first_of(group, s_.group_channels(), panel);
      std::vector<TapRows> taps;
      if (has_wide_taps()) taps = sums_of_weight(s_, first_channel, first, count);
      std::vector<std::vector<T>> parts;
      for (std::int64_t leaf = 0; leaf < leaves; ++leaf) {
        std::vector<T>& part = parts.emplace_back(static_cast<std::size_t>(size), T{0});
        const std::int64_t end = std::min(samples, (leaf + 1) * rows.leaf_samples);
        const GradientTile<T> tile{first_channel, panel, first, count, own.end, part.data()};
        for (std::int64_t sample = leaf * rows.leaf_samples; sample < end; ++sample)
          taps.empty() ? add_gradient(rows, sample, tile) : add_gradient_by_taps(rows, sample, taps, tile);
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
  PaddedImage input_image(std::int64_t first_channel) const {
    return {first_channel, s_.image_channels(s_.group_channels()), 0, 0, s_.y.laid_out(), s_.x.laid_out(), s_.y.step(),
            s_.x.step()};
  }
  PaddedImage padded_input(std::int64_t first_channel) const {
    return {first_channel, s_.image_channels(s_.group_channels()),
            s_.y.before,   s_.x.before,
            s_.y.padded(), s_.x.padded(),
            s_.y.step(),   s_.x.step()};
  }
  std::int64_t kernel_line() const { return s_.x.kernel * s_.group_channels(); }
  /// Elements of the turned weight for a panel of channels: for each phase its taps, last to first, (units, 32) each.
  /// Some are left over where a narrow image has no input of some phase.
  std::int64_t turned_panel() const { return s_.y.kernel * s_.x.kernel * s_.group_units() * panel_width; }

  static bool in_one_panel(const PaddedImage& image) {
    return image.first_channel % panel_width + image.channels <= panel_width;
  }

  /// The images of so many samples behind some, if they are read as a whole and lie in one panel: of more, copying is
  /// little beside the products.
  template <class T>
  static NextRows<T> next_images(const Rows<const T>& images, std::int64_t behind, const PaddedImage& image,
                                 std::int64_t rows_of_sums) {
    if (image.skips() || !in_one_panel(image)) return {};
    const std::int64_t pitch = images.panels.pitch;
    return {images.tile(image.first_channel / panel_width) + behind * images.sample_rows * pitch,
            std::max<std::int64_t>(1, images.sample_rows / rows_of_sums), image.channels, pitch};
  }

  /// For each sample and its sums: the products of the image, laid out, and the weight, into columns `own` of the tile
  /// `out`.
  template <class T>
  void sums(const Rows<const T>& images, std::int64_t height, std::int64_t width, const PaddedImage& image,
            const SumPlans& plans, const T* weight, const T* bias, Columns own, T* out, const TileRows& of,
            std::span<std::byte> scratch) const {
    const bool apart = own.first != 0;
    const bool lies_so = !image.skips() && in_one_panel(image) && image.channels == images.panels.pitch;
    const std::int64_t copied = lies_so ? 0 : plans.samples * image.size();
    const std::int64_t of_sample = of.sample_rows * of.pitch;
    T* const memory =
        scratch_memory<T>(scratch, static_cast<std::size_t>(copied + (apart ? plans.samples * of_sample : 0)));
    for (std::int64_t first = 0; first < images.samples(); first += plans.samples) {
      const std::int64_t samples = std::min(plans.samples, images.samples() - first);
      const T* read = memory;
      if (lies_so) read = images.tile(image.first_channel / panel_width) + first * image.size();
      for (std::int64_t s = 0; s < samples && !lies_so; ++s)
        lay_out(images, height, width, first + s, image, 0, image.height, memory + s * image.size());
      T* const to = apart ? memory + copied : out + first * of_sample;
      NextRows<T> next = next_images(images, first + samples, image, of.sample_rows);
      for (const SumPlan& plan : plans.plans) {
        const Places places = plan.places(samples);
        if (s_.channelwise())
          channelwise_product<T>(places, read, plan.stretches, weight, bias, to);
        else
          gathered_product<T>(places, read, plan.stretches, weight, bias, own.end, next, to, of.pitch);
        next.rows += std::ssize(places.to) * next.each * next.pitch;
      }
      for (std::int64_t r = 0; r < samples * of.sample_rows && apart; ++r)
        std::copy(to + r * of.pitch + own.first, to + r * of.pitch + own.end,
                  out + first * of_sample + r * of.pitch + own.first);
    }
  }

  /// Output rows of a chain of the weight's gradient.
  std::int64_t rows_of_chain() const { return std::clamp<std::int64_t>(chain_positions / s_.x.out, 1, s_.y.out); }
  /// Whether a tap has channels enough for the weight's gradient to go tap by tap.
  bool has_wide_taps() const { return !s_.channelwise() && s_.group_channels() >= Extent::half; }

  /// Adds one sample's part. The image is read where it lies.
  template <class T>
  void add_gradient_by_taps(const RowBlock<T>& rows, std::int64_t sample, std::span<const TapRows> taps,
                            const GradientTile<T>& tile) const {
    const Rows<const T>& images = rows.input[0];
    const std::int64_t pitch = images.panels.pitch;
    const LineStrides strides{s_.x.stride * pitch, rows.output_gradient.panels.pitch, pitch};
    const std::int64_t x_line = s_.y.stride * s_.x.in * pitch;  // from a row of outputs to the next
    const std::int64_t d_line = s_.x.out * strides.d;
    const std::int64_t next_each = std::min(s_.y.stride, s_.y.kernel) * s_.x.stride;
    const T* const dy = rows.output_gradient.tile(tile.panel) + sample * rows.output.sample_rows * strides.d;
    const std::int64_t image_rows = rows_of_chain();
    std::vector<PositionLine<T>> lines;
    for (std::int64_t i = 0; i < s_.y.out; i += image_rows) {
      for (const TapRows& tap : taps) {
        const T* const image = images.tile(tap.channel / panel_width) + tap.channel % panel_width;
        const std::int64_t first = std::max(i, tap.top);
        const T* x = image + (sample * images.sample_rows + tap.position) * pitch + (first - tap.top) * x_line;
        const T* d = dy + first * d_line + tap.left * strides.d;
        const bool fetches =
            tap.first < tile.first + s_.group_channels();  // by the first tap: what the next chain reads
        lines.clear();
        for (std::int64_t r = first; r < std::min(i + image_rows, tap.bottom); ++r, x += x_line, d += d_line)
          lines.push_back({x, d, tap.width, fetches ? x + image_rows * x_line : nullptr,
                           fetches ? d + image_rows * d_line : nullptr, next_each});
        add_line_gradient<T>(lines, strides, tap.count, tile.width, tile.out + (tap.first - tile.first) * panel_width);
      }
    }
  }

  /// Adds one sample's part. The image is laid out with zeros around, so that all taps beside each other make one run.
  template <class T>
  void add_gradient(const RowBlock<T>& rows, std::int64_t sample, const GradientTile<T>& tile) const {
    const auto& [first_channel, panel, first, count, width, out] = tile;
    const std::int64_t line = kernel_line();
    const std::int64_t kernel_rows = s_.channelwise() ? s_.x.kernel : line;  // of the weight, a row of the kernel
    const std::int64_t low = first / kernel_rows;
    const std::int64_t high = (first + count - 1) / kernel_rows;
    const PaddedImage padded = padded_input(first_channel);
    const std::int64_t padded_line = padded.width * padded.channels;
    const std::int64_t image_rows = rows_of_chain();
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
  SumPlans outputs_;
  SumPlans inputs_;
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
