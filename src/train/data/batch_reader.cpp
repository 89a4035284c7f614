#include "train/data/batch_reader.hpp"

#include <algorithm>

#include "shoal/core/profile.hpp"
#include "shoal/io/start_thread.hpp"

namespace shoal {
namespace {

constexpr std::int64_t ahead_bytes = std::int64_t{4} << 20;

std::int64_t features_size(const BatchReader::Source& source) {
  return padded_size(source.capacity * source.features.rows, source.features.columns);
}

/// Batches in memory, the one in use among them. Small batches are read many at a time: to wake a thread costs as much
/// as to read one of them.
std::size_t ring_size(const BatchReader::Source& source) {
  const std::int64_t floats = features_size(source) + padded_size(source.capacity, source.targets);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(ahead_bytes / (floats * 4), 3, 32));
}

}  // namespace

BatchReader::BatchReader(Source source, std::int64_t first_step)
    : source_(std::move(source)), step_(first_step), ring_(keeps_rows() ? 1 : ring_size(source_)) {
  for (Slot& slot : ring_) {
    slot.batch.features = Buffer<float>(features_size(source_));
    slot.batch.targets = Buffer<float>(padded_size(source_.capacity, source_.targets));
  }
  if (keeps_rows()) {
    encoded_.emplace(source_.split.rows(), source_.features);
    return;
  }
  helper_ = start_thread([this, first_step] { run(first_step); });
}

/// Not where training draws something for each epoch.
bool BatchReader::keeps_rows() const {
  const bool draws = source_.augment.any() || (source_.unseen_rate > 0.0 && !source_.encoder->is_plain());
  return !draws && EncodedRows::are_few(source_.split, source_.features);
}

BatchReader::~BatchReader() {
  if (!helper_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  helper_.join();
}

ReadBatch& BatchReader::next() {
  if (encoded_) {
    ReadBatch& batch = ring_.front().batch;
    read(step_++, batch);
    return batch;
  }
  std::unique_lock lock(mutex_);
  if (lent_) {
    --filled_;
    if (has_room()) room_.notify_one();
  }
  lent_ = true;
  ready_.wait(lock, [this] { return filled_ > 0; });
  Slot& slot = ring_[static_cast<std::size_t>(step_) % ring_.size()];
  ++step_;
  if (slot.fault) std::rethrow_exception(slot.fault);
  return slot.batch;
}

/// The helper. Once all slots are full it sleeps until half of them are free.
void BatchReader::run(std::int64_t step) {
  std::unique_lock lock(mutex_);
  for (;; ++step) {
    if (filled_ == ring_.size()) room_.wait(lock, [this] { return stop_ || has_room(); });
    if (stop_) return;
    Slot& slot = ring_[static_cast<std::size_t>(step) % ring_.size()];
    lock.unlock();
    slot.fault = nullptr;
    try {
      read(step, slot.batch);
    } catch (...) {
      slot.fault = std::current_exception();
    }
    lock.lock();
    ++filled_;
    ready_.notify_one();
  }
}

Panels<float> BatchReader::features_of(ReadBatch& batch) const {
  return {batch.features.data(), source_.capacity * source_.features.rows, source_.features.columns};
}

void BatchReader::read(std::int64_t step, ReadBatch& batch) {
  const Span span(SpanKind::read, "coming batch");
  const BatchCut& cut = source_.cut;
  if (const std::int64_t epoch = cut.epoch(step); order_epoch_ != epoch) {
    order_ = std::make_unique<EpochOrder>(source_.seed, static_cast<std::uint64_t>(epoch), cut.rows,
                                          source_.shuffle_block, source_.split.row_bytes());
    order_epoch_ = epoch;
  }
  const std::int64_t first = cut.first(step);
  batch.step = step;
  batch.share = cut.share(std::min(cut.batch_size, cut.rows - first));
  rows_.resize(static_cast<std::size_t>(batch.share->samples()));
  order_->rows(first + batch.share->first_sample(), rows_);
  const ValueShape& shape = source_.features;
  const auto epoch = static_cast<std::uint64_t>(order_epoch_);
  if (encoded_) {
    encoded_->lay(loader_, source_.split, *source_.encoder, rows_, features_of(batch));
  } else {
    RowLoader::Draws draws{UnseenDraw(source_.seed, epoch, source_.unseen_rate), {}};
    if (source_.augment.any()) draws.images.emplace(source_.augment, shape.height(), shape.width, source_.seed, epoch);
    loader_.features(source_.split, *source_.encoder, rows_, shape, features_of(batch), &draws);
  }
  loader_.targets(source_.split, source_.target_scaling, rows_,
                  {batch.targets.data(), source_.capacity, source_.targets});
  loader_.weights(source_.split, source_.class_weights, rows_, batch.weights);
  batch.sample_ids.resize(rows_.size());
  std::transform(rows_.begin(), rows_.end(), batch.sample_ids.begin(),
                 [this](std::int64_t row) { return source_.split.source_row(row); });
}

}  // namespace shoal
