#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/core/leaf_tree.hpp"
#include "shoal/tensor/columns.hpp"
#include "shoal/tensor/elementwise.hpp"
#include "shoal/tensor/gemm.hpp"
#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Shape of a value. A value per sample has as many rows for each sample of the batch as it has positions: one, or
/// height x width for images, whose channels are the columns; its matrix holds all rows of a sample before the next. A
/// whole value (parameters and what is computed from them alone) has a fixed number of rows and exists once.
struct ValueShape {
  bool per_sample = false;
  std::int64_t rows = 1;  ///< of a whole value, or of each sample
  std::int64_t columns = 1;
  std::int64_t width = 1;  ///< of an image: position (i, j) is row i * width + j

  std::int64_t height() const { return rows / width; }
  bool operator==(const ValueShape&) const = default;
};
/// Shape of an image a sample.
inline ValueShape image_shape(std::int64_t channels, std::int64_t height, std::int64_t width) {
  return {true, height * width, channels, width};
}
/// "(samples, columns)", "(samples, channels, height, width)" or "(rows, columns)".
std::string to_string(const ValueShape& shape);

/// The rows of a value that one task reads or writes: some of the batch, or all of a whole value.
template <class T>
struct Rows {
  Panels<T> panels;
  std::int64_t first = 0;
  std::int64_t count = 0;
  bool per_sample = false;
  std::int64_t sample_rows = 1;  ///< rows of each sample

  std::int64_t samples() const { return count / sample_rows; }
  T* tile(std::int64_t panel) const { return panels.tile(panel, first); }
  std::int64_t columns() const { return panels.columns; }
};

/// What an operation sees of the batch: the rows of some samples, those of a part of a leaf, of one or of several
/// beside each other.
template <class T>
struct RowBlock {
  static constexpr std::size_t most_inputs = 4;

  std::int64_t leaf_samples = 1;  ///< samples in each leaf; the last leaf may be short
  bool training = false;
  std::uint64_t seed = 0;
  std::uint64_t step = 0;                    ///< the update under way, from 1
  std::span<const std::int64_t> sample_ids;  ///< data-set row of each sample
  std::span<const double> weights;           ///< of each sample, for losses; empty: all count alike
  std::array<Rows<const T>, most_inputs> input;
  Rows<T> output;
  Rows<const T> output_gradient;
  Rows<T> auxiliary;             ///< of the shape auxiliary(): kept from forward to backward
  std::span<T> derived;          ///< derived_size elements, made by finish(), prepare_backward() or take_gradient()
  std::span<std::byte> scratch;  ///< for forward(), 64-byte aligned: scratch_bytes(), or empty: see nn/scratch.hpp

  std::int64_t leaf_rows() const { return leaf_samples * output.sample_rows; }  ///< of the output
};

/// A sum over the samples of the whole batch that an operation needs before it can go on.
struct StatisticsPlan {
  std::int64_t width = 0;        ///< numbers; 0: none
  const Merge* merge = nullptr;  ///< how two parts of the batch meet
};

/// A named array that training changes but no gradient does (running averages), float64.
struct StateSpec {
  std::string name;
  std::int64_t size = 0;
  double initial = 0.0;
};

enum class Pass { forward, backward };

/// What an operation can do with rows of images that are narrow_pitch elements apart, as those of at most 16 columns
/// can be: nothing, which is safe; where those of all its values per sample, the auxiliary one among them, are alike;
/// or whichever are.
enum class NarrowRows { none, all_alike, any };

/// One operation of a graph: the forward computation of some samples and its derivative. Does not know how many leaves,
/// threads or ranks there are. forward and backward are sample by sample: a sample has the same bits whatever samples
/// stand beside it, so the executor calls them with one sample or many leaves. Each function writes whole tiles of
/// (rows, 32), or as narrow_rows() allows (rows, 16), see Panels::pitch; the executor zeroes padding, adds up a value's
/// uses and keeps the tree of leaves. Write one by deriving from OperationOf.
class Operation {
 public:
  virtual ~Operation() = default;
  virtual std::string_view name() const = 0;

  /// @throws Error (usage) that names the shapes when they do not fit.
  virtual ValueShape shape(std::span<const ValueShape> inputs) const = 0;
  /// Shape of what is kept from forward to backward; no columns: nothing.
  virtual ValueShape auxiliary(std::span<const ValueShape>) const { return {true, 1, 0}; }
  /// @param capacity  most samples of the batch in the buffers at a time
  virtual std::int64_t derived_size(std::span<const ValueShape>, std::int64_t /*capacity*/) const { return 0; }
  /// Whether forward() or its finish() has a part in `derived`; else the backward pass alone.
  virtual bool forward_derives() const { return true; }
  /// Memory that forward() works in for the time of a call. Where the caller gives none, it takes its own.
  virtual std::size_t scratch_bytes(std::span<const ValueShape>) const { return 0; }
  virtual std::vector<StateSpec> states(std::span<const ValueShape>) const { return {}; }
  virtual StatisticsPlan statistics(Pass, bool /*training*/, std::span<const ValueShape>) const { return {}; }
  /// Whether forward makes all panels of a leaf in one task (panel = 0) instead of one each.
  virtual bool whole_rows() const { return false; }
  /// Whether input i is a matrix that rows are multiplied by: for what a step costs.
  virtual bool multiplies(std::size_t) const { return false; }
  /// How many classes there are where input i holds class numbers, whole ones from 0; 0: it holds any numbers. What
  /// comes of other numbers is not finite, so look before.
  virtual std::int64_t classes(std::size_t, std::span<const ValueShape>) const { return 0; }
  /// Whether input i has a derivative.
  virtual bool differentiable(std::size_t) const { return true; }

  /// Whether panel p of the output, of the derivative and of the statistics depends on panel p alone of values per
  /// sample, all of which have the columns of the output. A chain of such operations runs tile by tile, while the data
  /// are in cache. Elementwise operations say yes.
  /// Of images, a value that a chain alone reads is a tile of its own: its Rows begin at 0, and where it has at most 16
  /// columns in the panel, the other 16 of a row may hold anything.
  virtual bool tilewise() const { return false; }

  virtual NarrowRows narrow_rows() const { return NarrowRows::none; }

  /// Whether forward() and backward() leave zeros behind the last column of what they write; elsewhere the executor
  /// puts them there.
  virtual bool keeps_padding() const { return false; }
  /// Whether the backward pass (backward, gradient, its statistics) reads input i, or the output: what nothing reads
  /// again is not kept.
  virtual bool backward_reads(std::size_t) const { return true; }
  virtual bool backward_reads_output() const { return true; }

  /// Output panel `panel`.
  virtual void forward(const RowBlock<float>&, std::int64_t panel) const = 0;
  virtual void forward(const RowBlock<double>&, std::int64_t panel) const = 0;
  /// Whether prepare_backward() is called, once before the backward pass of a batch: the place to lay out parameters
  /// anew in `derived`.
  virtual bool prepares_backward() const { return false; }
  virtual void prepare_backward(const RowBlock<float>&) const = 0;
  virtual void prepare_backward(const RowBlock<double>&) const = 0;
  /// Panel `panel` of the gradient with respect to input i, into out: (rows of input i in the block, its pitch).
  virtual void backward(const RowBlock<float>&, std::size_t i, std::int64_t panel, float* out) const = 0;
  virtual void backward(const RowBlock<double>&, std::size_t i, std::int64_t panel, double* out) const = 0;
  /// Called for each tile of the output's gradient once it is complete, before any backward() or gradient() that reads
  /// it, if input 0 wants its gradient: the place to lay it out anew in `derived`.
  virtual void take_gradient(const RowBlock<float>&, std::int64_t panel) const = 0;
  virtual void take_gradient(const RowBlock<double>&, std::int64_t panel) const = 0;
  /// Where in a leaf's statistics of the backward pass its gradient of whole input i stands, (1, columns), by panels:
  /// it is then rounded from there, and gradient() is for passes without statistics.
  virtual std::optional<std::int64_t> gradient_in_statistics(std::size_t, std::span<const ValueShape>) const {
    return std::nullopt;
  }
  /// Rows of whole input i whose gradient one task makes.
  virtual std::int64_t gradient_rows(std::size_t) const { return panel_width; }
  /// The gradient of whole input i over a run of leaves, summed inside each leaf and then along the tree of the run's
  /// leaves: rows [first, first + count) of panel `panel`, count <= gradient_rows(i) or 32.
  virtual void gradient(const RowBlock<float>&, std::size_t i, std::int64_t panel, std::int64_t first,
                        std::int64_t count, float* out) const = 0;
  virtual void gradient(const RowBlock<double>&, std::size_t i, std::int64_t panel, std::int64_t first,
                        std::int64_t count, double* out) const = 0;
  /// One piece's part of the statistics, which it overwrites: a piece is a leaf, or of images a few samples of one.
  /// Called once for each panel of input 0 (forward) or of the output (backward).
  virtual void leaf_statistics(const RowBlock<float>&, Pass, std::int64_t panel, std::span<double> out) const = 0;
  virtual void leaf_statistics(const RowBlock<double>&, Pass, std::int64_t panel, std::span<double> out) const = 0;
  /// Takes the statistics of the whole batch of `samples` samples; `rows.output` is the output of a reduction.
  virtual void finish(const RowBlock<float>&, Pass, std::span<const double> merged, std::int64_t samples,
                      std::span<double> state) const = 0;
  virtual void finish(const RowBlock<double>&, Pass, std::span<const double> merged, std::int64_t samples,
                      std::span<double> state) const = 0;
};

/// Base of operations that are written once for float and double:
///   struct Mine : OperationOf<Mine> {
///     template <class T> void forward_block(const RowBlock<T>&, std::int64_t panel) const; ...
///   };
template <class Derived>
class OperationOf : public Operation {
 public:
  void forward(const RowBlock<float>& l, std::int64_t p) const override { self().forward_block(l, p); }
  void forward(const RowBlock<double>& l, std::int64_t p) const override { self().forward_block(l, p); }
  void backward(const RowBlock<float>& l, std::size_t i, std::int64_t p, float* out) const override {
    self().backward_block(l, i, p, out);
  }
  void backward(const RowBlock<double>& l, std::size_t i, std::int64_t p, double* out) const override {
    self().backward_block(l, i, p, out);
  }
  void prepare_backward(const RowBlock<float>& l) const override { self().prepare_backward_block(l); }
  void prepare_backward(const RowBlock<double>& l) const override { self().prepare_backward_block(l); }
  void take_gradient(const RowBlock<float>& l, std::int64_t p) const override { self().take_gradient_block(l, p); }
  void take_gradient(const RowBlock<double>& l, std::int64_t p) const override { self().take_gradient_block(l, p); }
  void gradient(const RowBlock<float>& l, std::size_t i, std::int64_t p, std::int64_t first, std::int64_t count,
                float* out) const override {
    self().gradient_block(l, i, p, first, count, out);
  }
  void gradient(const RowBlock<double>& l, std::size_t i, std::int64_t p, std::int64_t first, std::int64_t count,
                double* out) const override {
    self().gradient_block(l, i, p, first, count, out);
  }
  void leaf_statistics(const RowBlock<float>& l, Pass pass, std::int64_t p, std::span<double> out) const override {
    self().statistics_leaf(l, pass, p, out);
  }
  void leaf_statistics(const RowBlock<double>& l, Pass pass, std::int64_t p, std::span<double> out) const override {
    self().statistics_leaf(l, pass, p, out);
  }
  void finish(const RowBlock<float>& l, Pass pass, std::span<const double> merged, std::int64_t samples,
              std::span<double> state) const override {
    self().finish_block(l, pass, merged, samples, state);
  }
  void finish(const RowBlock<double>& l, Pass pass, std::span<const double> merged, std::int64_t samples,
              std::span<double> state) const override {
    self().finish_block(l, pass, merged, samples, state);
  }

  // What an operation need not write.
  template <class T>
  void forward_block(const RowBlock<T>&, std::int64_t) const {}
  template <class T>
  void prepare_backward_block(const RowBlock<T>&) const {}
  template <class T>
  void take_gradient_block(const RowBlock<T>&, std::int64_t) const {}
  /// For inputs of one row, used by every row of the batch: the sum of backward over rows, of the output's pitch.
  template <class T>
  void gradient_block(const RowBlock<T>& rows, std::size_t i, std::int64_t panel, std::int64_t, std::int64_t,
                      T* out) const {
    const std::int64_t pitch = rows.output.panels.pitch;
    std::vector<T> scratch(static_cast<std::size_t>(rows.output.count * pitch));
    self().backward_block(rows, i, panel, scratch.data());
    column_sum<T>(rows.output.count, rows.leaf_rows(), pitch, scratch.data(), out, pitch);
  }
  template <class T>
  void statistics_leaf(const RowBlock<T>&, Pass, std::int64_t, std::span<double>) const {}
  template <class T>
  void finish_block(const RowBlock<T>&, Pass, std::span<const double>, std::int64_t, std::span<double>) const {}

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

}  // namespace shoal
