#include "train/predict/prediction_rounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/fault_point.hpp"

namespace shoal {
namespace {

template <class T>
std::vector<T> numbers_in(const std::vector<std::byte>& bytes) {
  const auto* first = reinterpret_cast<const T*>(bytes.data());
  return {first, first + bytes.size() / sizeof(T)};
}

}  // namespace

PredictionRounds::PredictionRounds(const Split& split, PredictionLayout layout, std::vector<SpreadPart> spread,
                                   const std::string& out, Communicator& comm)
    : split_(split), layout_(std::move(layout)), spread_(std::move(spread)), comm_(comm) {
  if (comm_.rank() != 0) return;
  ids_.emplace(split_);
  writer_ = make_prediction_writer(out, split_.rows(), layout_, spread_, *ids_);
}

void PredictionRounds::run(std::int64_t block,
                           const std::function<EnsemblePredictions(std::int64_t begin, std::int64_t end)>& predict) {
  const bool precise = layout_.precise;
  for (std::int64_t first = 0; first < split_.rows(); first += block * comm_.size()) {
    const std::int64_t begin = std::min(split_.rows(), first + block * comm_.rank());
    const std::int64_t end = std::min(split_.rows(), begin + block);
    EnsemblePredictions mine;
    SHOAL_FAULT_POINT("predict");
    run_together(comm_, [&] {
      if (begin < end) mine = predict(begin, end);
    });
    mine.spread.resize(spread_.size());
    const auto rows = comm_.gather_bytes(precise ? std::as_bytes(std::span(mine.mean.precise))
                                                 : std::as_bytes(std::span(mine.mean.values)));
    const auto labels = comm_.gather_bytes(std::as_bytes(std::span(mine.mean.labels)));
    std::vector<std::vector<std::vector<std::byte>>> spread;  // by part, by rank
    for (const auto& part : mine.spread) spread.push_back(comm_.gather_bytes(std::as_bytes(std::span(part))));
    run_together(comm_, [&] {
      std::int64_t at = first;
      for (std::size_t rank = 0; rank < rows.size(); ++rank) {
        if (rows[rank].empty()) continue;
        const std::int64_t behind = std::min(split_.rows(), at + block);
        EnsemblePredictions made;
        if (precise)
          made.mean.precise = numbers_in<double>(rows[rank]);
        else
          made.mean.values = numbers_in<float>(rows[rank]);
        made.mean.labels = numbers_in<std::int32_t>(labels[rank]);
        for (const auto& part : spread) made.spread.push_back(numbers_in<double>(part[rank]));
        crossing_ += crossing_rows(layout_, made.mean);
        writer_->write(made, ids_->read(at, behind));
        at = behind;
      }
    });
  }
}

void PredictionRounds::finish() {
  run_together(comm_, [&] {
    if (writer_) writer_->finish();
    if (const std::string note = crossing_note(crossing_, split_.rows()); !note.empty()) log_warning(note);
  });
}

std::string row_name(const Split& split, std::int64_t row, const std::string& data) {
  return fmt::format("{} of {}", split.row_name(row), data);
}

}  // namespace shoal
