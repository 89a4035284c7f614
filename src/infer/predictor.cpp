#include "shoal/infer/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "infer/row_source.hpp"
#include "infer/work_places.hpp"
#include "shoal/core/cores.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/float_modes.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/data/row_of_cells.hpp"
#include "shoal/graph/forward_pass.hpp"
#include "shoal/infer/run_checkpoint.hpp"
#include "shoal/io/memory_limit.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_rows = 64;                           // that go through the layers side by side
constexpr std::size_t cached_bytes = std::size_t{1} << 19;       // of values, to stay in the second-level cache
constexpr std::size_t most_output_bytes = std::size_t{1} << 18;  // that wait for the end of a call

std::int64_t block_of(const Model& model) {
  const std::size_t bytes = std::max<std::size_t>(1, ForwardPass::bytes_per_sample(model.graph(), model.logits()));
  return std::clamp(static_cast<std::int64_t>(cached_bytes / bytes), std::int64_t{1}, most_rows);
}

/// Places to work in that more threads than the machine has cores share without much waiting.
constexpr int most_places = 256;

/// A quarter of the memory at most.
int affordable_threads(int threads, const TrainedModel& trained) {
  if (threads < 0)
    throw Error(ExitStatus::usage,
                fmt::format("{} threads cannot predict; give 1 or more, or 0 for as many as there are cores", threads));
  const std::size_t bytes = ForwardPass::bytes_per_sample(trained.model.graph(), trained.model.logits()) *
                            static_cast<std::size_t>(block_of(trained.model));
  const std::uint64_t most = usable_memory() / 4 / std::max<std::size_t>(1, bytes);
  if (most == 0)
    throw Error(ExitStatus::bad_data, fmt::format("{}: one row takes about {:.3g} GB, more than a quarter of the "
                                                  "memory that this process may use",
                                                  trained.path, static_cast<double>(bytes) * 1e-9));
  const int cores = usable_cores();
  const int wanted = threads > 0 ? std::min(threads, std::max(most_places, cores)) : cores;
  return static_cast<int>(std::min<std::uint64_t>(static_cast<std::uint64_t>(wanted), most));
}

/// Of data without a table, all of whose columns are numbers; nothing where they have no names.
std::optional<CellReader> reader_of(const DataDescription& data) {
  if (data.table) return CellReader(*data.table);
  if (data.columns.empty()) return std::nullopt;
  TableDescription numbers;
  for (const std::string& name : data.columns) numbers.features.push_back({name, ColumnType::number, {}});
  return CellReader(std::move(numbers));
}

}  // namespace

struct Predictor::State {
  /// What one thread works in.
  struct WorkPlace {
    explicit WorkPlace(const TrainedModel& trained, std::int64_t columns)
        : pass(trained.model.graph(), trained.model.logits(), block_of(trained.model), trained.parameters.data(),
               trained.states),
          values(static_cast<std::size_t>(trained.features())),
          x(static_cast<std::size_t>(trained.model.inputs())),
          found(values.size(), NamedColumn("", NamedColumn::Kind::float64, nullptr, 0)),
          rows(std::max(static_cast<std::int64_t>(most_output_bytes / sizeof(double)) / columns, pass.capacity())),
          outputs(new double[static_cast<std::size_t>(rows * columns)]),
          labels(new std::int32_t[static_cast<std::size_t>(rows)]) {}

    ForwardPass pass;
    std::vector<double> values;  // of a row
    std::vector<float> x;        // the same, encoded
    std::vector<NamedColumn> found;
    std::int64_t rows;                  // whose outputs have a place here; not set to 0, so that it costs what is used
    std::unique_ptr<double[]> outputs;  // NOLINT(cppcoreguidelines-avoid-c-arrays)
    std::unique_ptr<std::int32_t[]> labels;  // NOLINT(cppcoreguidelines-avoid-c-arrays)
  };

  TrainedModel trained;
  std::string digest;
  Reporter reporter;
  RowEncoder encoder;
  std::optional<CellReader> cells;
  WorkPlaces<WorkPlace> places;

  State(const Archive& archive, WhichWeights which, int threads)
      : trained(trained_model(archive, which)),
        digest(shoal::digest(archive)),
        reporter(trained.path, trained.model, trained.data, trained.targets),
        encoder(trained.encoding, own_columns(trained.encoding, trained.data.features()), trained.features()),
        cells(reader_of(trained.data)) {
    for (int count = affordable_threads(threads, trained); count > 0; --count)
      places.add(std::make_unique<WorkPlace>(trained, reporter.layout().columns));
  }

  std::int64_t columns() const { return reporter.layout().columns; }

  /// Rows [first, first + count), which fit, into the outputs of a work place.
  void compute(WorkPlace& place, const RowSource& source, std::int64_t first, std::int64_t count) const {
    const Panels<float> input = place.pass.input(trained.model.input());
    const std::int64_t positions = trained.model.input().shape().rows;
    double* outputs = place.outputs.get();
    std::int32_t* labels = place.labels.get();
    for (std::int64_t begin = 0; begin < count; begin += place.pass.capacity()) {
      const std::int64_t some = std::min(place.pass.capacity(), count - begin);
      for (std::int64_t i = 0; i < some; ++i) {
        const std::int64_t r = first + begin + i;
        source.row(r, place.values);
        const std::string wrong = encoder.encode(place.values, place.x);
        if (!wrong.empty()) throw Error(ExitStatus::bad_data, fmt::format("row {}, {}", r, wrong));
        const Panels<float> row{input.data + i * positions * panel_width, input.rows, input.columns};
        pack_samples(std::span<const float>(place.x), 1, row);
      }
      const Panels<const float> logits = place.pass.run(some);
      for (std::int64_t i = 0; i < some; ++i, outputs += columns(), ++labels) {
        if (!reporter.report(logits, i, {outputs, static_cast<std::size_t>(columns())}, *labels))
          reporter.refuse(fmt::format("row {}", first + begin + i));
      }
    }
  }

  /// write(row, its outputs, its label) for each row, once all of them are known to be well.
  template <class Write>
  void predict(WorkPlace& place, std::int64_t rows, const RowSource& source, const Write& write) const {
    const DefaultFloatModes modes;
    const auto each = [&](const auto& take) {
      for (std::int64_t first = 0; first < rows; first += place.rows) {
        const std::int64_t some = std::min(place.rows, rows - first);
        compute(place, source, first, some);
        take(first, some);
      }
    };
    if (rows > place.rows) each([](std::int64_t, std::int64_t) {});
    each([&](std::int64_t first, std::int64_t some) {
      for (std::int64_t i = 0; i < some; ++i)
        write(first + i, place.outputs.get() + i * columns(), place.labels.get()[i]);
    });
  }

  template <class T>
  void predict_into(WorkPlace& place, std::int64_t rows, const RowSource& source, RowsView<T> outputs,
                    std::int32_t* labels) const {
    const PredictionLayout& layout = reporter.layout();
    if (labels != nullptr && !layout.labels)
      throw Error(ExitStatus::usage, trained.path + " does not tell classes, and labels are asked for");
    predict(place, rows, source, [&](std::int64_t r, const double* reported, std::int32_t label) {
      for (std::int64_t k = 0; k < layout.columns; ++k)
        outputs.at(r, k) =
            layout.precise ? static_cast<T>(reported[k]) : static_cast<T>(static_cast<float>(reported[k]));
      if (labels != nullptr) labels[r] = label;
    });
  }

  template <class T>
  void predict_numbers(std::int64_t rows, RowsView<const T> x, RowsView<T> outputs, std::int32_t* labels) const {
    require_rows(rows);
    const WorkPlaces<WorkPlace>::Lease place(places);
    predict_into(*place, rows, NumberRows<T>(x), outputs, labels);
  }

  template <class T>
  void predict_columns(std::int64_t rows, const NamedColumns& given, RowsView<T> outputs, std::int32_t* labels) const {
    require_rows(rows);
    const WorkPlaces<WorkPlace>::Lease place(places);
    predict_into(*place, rows, ColumnRows(named(), rows, given, place->found), outputs, labels);
  }

  Predictions predict_all(WorkPlace& place, std::int64_t rows, const RowSource& source) const {
    const PredictionLayout& layout = reporter.layout();
    Predictions made;
    predict(place, rows, source, [&](std::int64_t, const double* reported, std::int32_t label) {
      for (std::int64_t k = 0; k < layout.columns; ++k) made.values.push_back(static_cast<float>(reported[k]));
      if (layout.precise) made.precise.insert(made.precise.end(), reported, reported + layout.columns);
      if (layout.labels) made.labels.push_back(label);
    });
    return made;
  }

  template <class T>
  std::int64_t rows_in(std::span<const T> x) const {
    const auto width = static_cast<std::size_t>(trained.features());
    if (x.size() % width != 0)
      throw Error(ExitStatus::usage, fmt::format("{} numbers are no whole rows of {} features", x.size(), width));
    return static_cast<std::int64_t>(x.size() / width);
  }

  template <class T>
  void predict_spans(std::span<const T> x, std::span<T> outputs) const {
    const std::int64_t rows = rows_in(x);
    if (std::ssize(outputs) != rows * columns())
      throw Error(ExitStatus::usage, fmt::format("{} rows have {} outputs, and there is place for {}", rows,
                                                 rows * columns(), outputs.size()));
    predict_numbers(rows, RowsView<const T>{x.data(), trained.features()}, RowsView<T>{outputs.data(), columns()},
                    nullptr);
  }

  template <class T>
  Predictions predict_rows(std::span<const T> x) const {
    const std::int64_t rows = rows_in(x);
    const WorkPlaces<WorkPlace>::Lease place(places);
    return predict_all(*place, rows, NumberRows<T>({x.data(), trained.features()}));
  }

  static void require_rows(std::int64_t rows) {
    if (rows < 0) throw Error(ExitStatus::usage, fmt::format("{} rows cannot be predicted; give 0 or more", rows));
  }

  const CellReader& named() const {
    if (cells) return *cells;
    throw Error(ExitStatus::usage, trained.path + " was trained on data whose columns have no names");
  }
};

Predictor::Predictor(const std::string& path, WhichWeights which, int threads) {
  const DefaultFloatModes modes;
  const std::string file = checkpoint_of(path);
  state_ = std::make_unique<State>(parse_checkpoint(read_checkpoint(file), file), which, threads);
}
Predictor::Predictor(std::span<const std::byte> bytes, const std::string& name, WhichWeights which, int threads) {
  const DefaultFloatModes modes;
  state_ = std::make_unique<State>(parse_checkpoint(bytes, name), which, threads);
}
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

std::int64_t Predictor::step() const { return state_->trained.step; }
std::int64_t Predictor::features() const { return state_->trained.features(); }
const DataDescription& Predictor::trained_on() const { return state_->trained.data; }
const PredictionLayout& Predictor::layout() const { return state_->reporter.layout(); }
const std::string& Predictor::digest() const { return state_->digest; }

void Predictor::predict(std::int64_t rows, RowsView<const float> x, RowsView<float> outputs,
                        std::int32_t* labels) const {
  state_->predict_numbers(rows, x, outputs, labels);
}
void Predictor::predict(std::int64_t rows, RowsView<const double> x, RowsView<double> outputs,
                        std::int32_t* labels) const {
  state_->predict_numbers(rows, x, outputs, labels);
}
void Predictor::predict(std::int64_t rows, const NamedColumns& columns, RowsView<float> outputs,
                        std::int32_t* labels) const {
  state_->predict_columns(rows, columns, outputs, labels);
}
void Predictor::predict(std::int64_t rows, const NamedColumns& columns, RowsView<double> outputs,
                        std::int32_t* labels) const {
  state_->predict_columns(rows, columns, outputs, labels);
}

void Predictor::predict(std::span<const float> x, std::span<float> outputs) const { state_->predict_spans(x, outputs); }
void Predictor::predict(std::span<const double> x, std::span<double> outputs) const {
  state_->predict_spans(x, outputs);
}
void Predictor::require_shapes(MatrixShape x, MatrixShape outputs) const {
  const MatrixShape wanted{x.rows, layout().columns};
  if (x.columns != features())
    throw Error(ExitStatus::usage,
                fmt::format("a matrix of {} columns is given, and a row has {} features", x.columns, features()));
  if (outputs.rows != wanted.rows || outputs.columns != wanted.columns)
    throw Error(ExitStatus::usage, fmt::format("outputs are {} x {}, and there is place for {} x {}", wanted.rows,
                                               wanted.columns, outputs.rows, outputs.columns));
}
Predictions Predictor::predict(std::span<const float> x) const { return state_->predict_rows(x); }
Predictions Predictor::predict(std::span<const double> x) const { return state_->predict_rows(x); }
Predictions Predictor::predict(std::int64_t rows, const NamedColumns& columns) const {
  State::require_rows(rows);
  const WorkPlaces<State::WorkPlace>::Lease place(state_->places);
  return state_->predict_all(*place, rows, ColumnRows(state_->named(), rows, columns, place->found));
}

std::vector<double> Predictor::row(const std::map<std::string, std::string>& cells) const {
  return row_of_cells(state_->named(), cells);
}

}  // namespace shoal
