#include "write_array.hpp"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <utility>
#include <vector>

#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

constexpr std::size_t copied_piece_bytes = std::size_t{1} << 18;  // stays in the cache until it is written
constexpr std::size_t slow_piece_bytes = std::size_t{1} << 23;    // enough rows for all cores

/// Rows of a split that lie side by side in the array.
struct Piece {
  std::int64_t number = 0;
  std::int64_t first = 0;
  std::vector<std::int64_t> rows;  // by their numbers in the table
  std::vector<std::byte> bytes;
};

class ArrayWriting {
 public:
  ArrayWriting(H5Writer& writer, const std::string& path, const PlannedSplit& split, const Column& column,
               ImportProgress& progress, const RowsTold& rows_told)
      : writer_(writer),
        path_(path),
        split_(split),
        column_(column),
        progress_(progress),
        rows_told_(rows_told),
        row_bytes_(column.row_bytes()),
        piece_rows_(rows_of(column.slow ? slow_piece_bytes : copied_piece_bytes)) {}

  void run() {
    if (column_.slow) return write_behind();
    const std::int64_t pieces = (split_.rows.count() + piece_rows_ - 1) / piece_rows_;
    const std::int64_t most = column_.concurrent ? threads() : 1;
    parallel_for(std::min(pieces, most), [this](std::int64_t) { take_turns(); });
  }

 private:
  std::int64_t rows_of(std::size_t bytes) const {
    return static_cast<std::int64_t>(std::max<std::size_t>(1, bytes / row_bytes_));
  }

  /// Which rows come next; false at the end.
  bool next(Piece& piece) {
    piece.rows.clear();
    piece.number = pieces_++;
    piece.first = next_row_;
    next_row_ = std::min(split_.rows.count(), next_row_ + piece_rows_);
    for (std::int64_t i = piece.first; i < next_row_; ++i) piece.rows.push_back(row_ = split_.rows.after(row_));
    piece.bytes.resize(piece.rows.size() * row_bytes_);
    return !piece.rows.empty();
  }

  void told(const Piece& piece) {
    rows_told_(piece.bytes);
    progress_.add(static_cast<std::int64_t>(piece.bytes.size()));
  }

  /// Each thread takes the next piece, copies and writes it, and tells of it when those before it have been told.
  void take_turns() {
    try {
      for (Piece piece; take(piece);) {
        column_.rows_into(piece.rows, piece.bytes);
        writer_.write_rows(path_, piece.first, piece.bytes);
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return failed_ || told_ == piece.number; });
        if (failed_) return;
        lock.unlock();
        told(piece);
        lock.lock();
        ++told_;
        changed_.notify_all();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failed_ = true;
      changed_.notify_all();
      throw;
    }
  }

  bool take(Piece& piece) {
    const std::lock_guard lock(mutex_);
    return !failed_ && next(piece);
  }

  /// All threads make a piece ready while the one before is written.
  void write_behind() {
    Piece piece;
    Piece written;
    std::future<void> writing;
    while (next(piece)) {
      column_.rows_into(piece.rows, piece.bytes);
      if (writing.valid()) writing.get();
      std::swap(piece, written);
      const auto write = [this, &written] {
        writer_.write_rows(path_, written.first, written.bytes);
        told(written);
      };
      if (next_row_ == split_.rows.count()) return write();  // no thread for nothing beside
      // Deferred where there is no thread to be had: then it is written by the get().
      writing = std::async(std::launch::async | std::launch::deferred, write);
    }
  }

  H5Writer& writer_;
  const std::string& path_;
  const PlannedSplit& split_;
  const Column& column_;
  ImportProgress& progress_;
  const RowsTold& rows_told_;
  std::size_t row_bytes_;
  std::int64_t piece_rows_;

  std::int64_t pieces_ = 0;
  std::int64_t next_row_ = 0;
  std::int64_t row_ = -1;  // the one before

  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t told_ = 0;  // pieces
  bool failed_ = false;
};

}  // namespace

std::vector<std::int64_t> array_shape(const PlannedSplit& split, const Column& column) {
  std::vector<std::int64_t> shape{split.rows.count()};
  shape.insert(shape.end(), column.shape.begin(), column.shape.end());
  return shape;
}

void write_array(H5Writer& writer, const std::string& path, const PlannedSplit& split, const Column& column,
                 ImportProgress& progress, const RowsTold& told) {
  writer.create_array(path, column.type, array_shape(split, column));
  ArrayWriting(writer, path, split, column, progress, told).run();
}

}  // namespace shoal
