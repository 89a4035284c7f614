#include "scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "block_parser.hpp"
#include "data/import/progress.hpp"
#include "merger.hpp"
#include "shoal/core/error.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_bytes_on_their_way = std::size_t{1} << 24;
constexpr std::size_t most_block_bytes = std::size_t{1} << 20;

/// A block on its way: read, parsed, its rows as bytes.
struct Work {
  std::int64_t number = 0;
  std::int64_t bytes_read = 0;  // of all files, to its end
  CsvBlock block;
  CsvParsed parsed;
  CsvMerger::Words words;
  CsvRows rows;
  std::vector<std::byte> x;
};

template <class T>
void narrow(const double* from, std::size_t count, std::vector<std::byte>& to) {
  to.resize(count * sizeof(T));
  auto* out = reinterpret_cast<T*>(to.data());
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<T>(from[i]);
}

/// Each thread reads a block, which then is in its cache, and parses it. Blocks are merged and stored in the order of
/// the files, by whichever thread hands in the next one.
class Scanner {
 public:
  Scanner(const CsvFiles& files, const std::vector<CsvLayout>& layouts, const CsvFormat& format, const CellRules& rules,
          CsvScan& scan)
      : files_(files),
        layouts_(layouts),
        format_(format),
        rules_(rules),
        scan_(scan),
        most_blocks_(std::max(8, 4 * threads())),
        block_bytes_(std::min(most_block_bytes, most_bytes_on_their_way / static_cast<std::size_t>(most_blocks_))),
        merger_(files, format, scan),
        has_words_(std::any_of(scan.columns.begin(), scan.columns.end(),
                               [](const CsvTaken& column) { return column.take == CsvTake::word; })),
        progress_("reading " + files_.name(0), files_.bytes()) {}

  void run() {
    parallel_for(threads(), [&](std::int64_t) {
      try {
        while (std::unique_ptr<Work> work = read_block()) {
          parse_block(work->block, layouts_[work->block.file], format_, rules_, scan_, work->parsed);
          if (!has_words_) shape(*work);
          hand_in(std::move(work));
        }
      } catch (...) {
        const std::lock_guard lock(mutex_);
        failed_ = true;
        changed_.notify_all();
        throw;
      }
    });
    // A file that cannot be read on is told of when all that came before has been judged.
    if (unreadable_) std::rethrow_exception(unreadable_);
  }

 private:
  /// The next block; null at the end, and once a thread has failed.
  std::unique_ptr<Work> read_block() {
    const std::lock_guard lock(reading_);
    std::unique_ptr<Work> work = spare_work();
    if (!work || unreadable_) return nullptr;
    try {
      while (reader_ || next_file_ < files_.count()) {
        if (!reader_) {
          reader_ = std::make_unique<CsvBlockReader>(files_, next_file_++);
          reader_->sample(block_bytes_);
        }
        if (reader_->next(work->block, block_bytes_, format_.delimiter)) {
          work->number = blocks_read_++;
          work->bytes_read = bytes_of_files_ + reader_->consumed();
          return work;
        }
        bytes_of_files_ += reader_->consumed();
        reader_.reset();
      }
    } catch (const Error&) {
      unreadable_ = std::current_exception();
    }
    return nullptr;
  }

  /// One that was stored, for its memory, or a new one while there are few. Null once a thread has failed.
  std::unique_ptr<Work> spare_work() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failed_ || blocks_read_ - blocks_stored_ < most_blocks_; });
    if (failed_) return nullptr;
    if (spare_.empty()) return std::make_unique<Work>();
    std::unique_ptr<Work> work = std::move(spare_.back());
    spare_.pop_back();
    return work;
  }

  void hand_in(std::unique_ptr<Work> work) {
    std::unique_lock lock(mutex_);
    const std::int64_t number = work->number;
    parsed_.emplace(number, std::move(work));
    if (storing_) return;  // that thread will find it
    storing_ = true;
    while (!failed_ && parsed_.contains(blocks_stored_)) {
      work = std::move(parsed_.extract(blocks_stored_).mapped());
      lock.unlock();
      merge(*work);
      if (has_words_) shape(*work);
      store(*work);
      progress_.add(work->bytes_read - std::exchange(bytes_told_, work->bytes_read));
      lock.lock();
      spare_.push_back(std::move(work));
      ++blocks_stored_;
      changed_.notify_all();
    }
    storing_ = false;
  }

  void merge(Work& work) {
    merger_.merge(work.block, work.parsed, work.words);
    work.rows.first = scan_.rows - work.parsed.rows;
    work.rows.rows = work.parsed.rows;
    work.parsed.seen = std::vector<CsvParsed::Seen>();
  }

  /// Numbers words among all, and makes x as narrow as it may be: without words, while it is in the cache.
  void shape(Work& work) const {
    CsvParsed& parsed = work.parsed;
    const auto rows = static_cast<std::size_t>(parsed.rows);
    for (std::size_t c = 0; c < scan_.columns.size(); ++c) {
      const CsvTaken& column = scan_.columns[c];
      if (column.take != CsvTake::word) continue;
      double* at = (column.feature ? parsed.x : parsed.other).data() + column.slot;
      const std::size_t step = column.feature ? scan_.x_width : scan_.other_width;
      for (std::size_t i = 0; i < rows; ++i, at += step) {
        if (!std::isnan(*at)) *at = work.words[c][static_cast<std::size_t>(*at)];
      }
    }
    const double* const x = parsed.x.data();
    const std::size_t count = rows * scan_.x_width;
    bool bytes = true;
    bool exact = true;
    constexpr std::size_t piece = 1024;  // numbers of many digits show in the first
    for (std::size_t first = 0; first < count && (bytes || exact); first += piece) {
      for (std::size_t i = first; i < std::min(count, first + piece); ++i) {
        const double v = x[i];
        exact &= static_cast<double>(static_cast<float>(v)) == v || v != v;
        bytes &= v >= 0.0 && v <= 255.0 && std::trunc(v) == v && !std::signbit(v);
      }
    }
    using Form = CsvRows::Form;
    work.rows.form = bytes              ? Form::bytes
                     : exact            ? Form::exact_floats
                     : parsed.all_brief ? Form::brief_floats
                                        : Form::doubles;
    if (bytes) {
      narrow<std::uint8_t>(x, count, work.x);
    } else if (work.rows.form != Form::doubles) {
      narrow<float>(x, count, work.x);
    }
    if (has_words_) parsed.cursor.reset();
  }

  void store(Work& work) {
    CsvParsed& parsed = work.parsed;
    const auto rows = static_cast<std::size_t>(parsed.rows);
    scan_.all_bytes &= work.rows.form == CsvRows::Form::bytes;
    scan_.fits_float &= parsed.fits_float;
    const auto doubles = std::as_bytes(std::span(parsed.x.data(), rows * scan_.x_width));
    work.rows.x =
        scan_.spool.append(work.rows.form == CsvRows::Form::doubles ? doubles : std::span(std::as_const(work.x)));
    work.rows.other = scan_.spool.append(std::as_bytes(std::span(parsed.other.data(), rows * scan_.other_width)));
    for (std::size_t t = 0; t < scan_.texts; ++t) {
      const auto ends = std::as_bytes(std::span(parsed.text_ends[t]));
      work.rows.texts.push_back(scan_.spool.append(ends));
      scan_.spool.append(std::as_bytes(std::span(parsed.texts[t])));
      work.rows.text_bytes.push_back(static_cast<std::int64_t>(ends.size() + parsed.texts[t].size()));
    }
    scan_.blocks.push_back(std::exchange(work.rows, {}));
    work.words.clear();
  }

  const CsvFiles& files_;
  const std::vector<CsvLayout>& layouts_;
  const CsvFormat& format_;
  const CellRules& rules_;
  CsvScan& scan_;
  std::int64_t most_blocks_;  // on their way
  std::size_t block_bytes_;
  CsvMerger merger_;
  bool has_words_;
  ImportProgress progress_;
  std::int64_t bytes_told_ = 0;

  std::mutex reading_;  // taken before mutex_
  std::unique_ptr<CsvBlockReader> reader_;
  std::exception_ptr unreadable_;
  std::size_t next_file_ = 0;
  std::int64_t bytes_of_files_ = 0;
  std::int64_t blocks_read_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, std::unique_ptr<Work>> parsed_;  // by number
  std::int64_t blocks_stored_ = 0;
  bool storing_ = false;  // a thread merges and stores
  bool failed_ = false;
  std::vector<std::unique_ptr<Work>> spare_;
};

}  // namespace

std::string place_text(const CsvFiles& files, const CsvPlace& place) {
  return fmt::format("{}:{}", files.name(place.file), place.line);
}

CsvScan scan_csv(const CsvFiles& files, const std::vector<CsvLayout>& layouts, std::vector<CsvTaken> columns,
                 const CsvFormat& format, const CellRules& rules, const std::string& out) {
  CsvScan scan{.columns = std::move(columns),
               .facts = {},
               .blocks = {},
               .rows_of_file = std::vector<std::int64_t>(files.count()),
               .spool = Spool(out)};
  for (CsvTaken& column : scan.columns) {
    if (column.take == CsvTake::nothing) continue;
    column.slot = column.take == CsvTake::text ? scan.texts++ : column.feature ? scan.x_width++ : scan.other_width++;
    column.any_number = !column.values && column.only != CsvOnly::dates && !column.marks.any() &&
                        column.least == -std::numeric_limits<double>::infinity();
  }
  scan.facts.resize(scan.columns.size());
  scan.has_too_many = std::vector<std::atomic<bool>>(scan.columns.size());
  Scanner(files, layouts, format, rules, scan).run();
  return scan;
}

}  // namespace shoal
