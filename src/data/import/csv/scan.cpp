#include "scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <utility>

#include "block_parser.hpp"
#include "data/import/progress.hpp"
#include "merger.hpp"
#include "shoal/core/error.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

constexpr std::size_t batch_bytes = std::size_t{1} << 24;
constexpr std::size_t most_block_bytes = std::size_t{1} << 20;

/// A block on its way: read, parsed, its rows as bytes.
struct Work {
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

class Scanner {
 public:
  Scanner(const CsvFiles& files, const std::vector<CsvLayout>& layouts, const CsvFormat& format, const CellRules& rules,
          CsvScan& scan)
      : files_(files),
        layouts_(layouts),
        format_(format),
        rules_(rules),
        scan_(scan),
        block_bytes_(std::min(most_block_bytes, batch_bytes / blocks_in_batch())),
        merger_(files, format, scan),
        has_words_(std::any_of(scan.columns.begin(), scan.columns.end(),
                               [](const CsvTaken& column) { return column.take == CsvTake::word; })) {}

  void run() {
    ImportProgress progress("reading " + files_.name(0), files_.bytes());
    std::vector<Work> parsing;
    std::vector<Work> storing;
    std::vector<Work> read = read_batch();
    while (!read.empty()) {
      parsing = std::move(read);
      read.clear();
      const auto blocks = static_cast<std::int64_t>(parsing.size());
      parallel_for(blocks + 2, [&](std::int64_t task) {
        if (task == 0) {
          read = read_batch();
        } else if (task == 1) {
          for (Work& work : storing) store(work);
        } else {
          Work& work = parsing[static_cast<std::size_t>(task - 2)];
          parse_block(work.block, layouts_[work.block.file], format_, rules_, scan_, work.parsed);
          if (!has_words_) shape(work);  // while it is in the cache
        }
      });
      for (Work& work : parsing) merge(work);
      if (has_words_) parallel_for(blocks, [&](std::int64_t task) { shape(parsing[static_cast<std::size_t>(task)]); });
      // What was stored lends its memory to blocks that are read next.
      for (Work& work : storing) spare_.push_back(std::move(work));
      storing = std::move(parsing);
      parsing.clear();
      progress.add(bytes_read_ - std::exchange(bytes_told_, bytes_read_));
      if (read.empty()) {
        for (Work& work : storing) store(work);
        storing.clear();
      }
    }
    if (unreadable_) std::rethrow_exception(unreadable_);
  }

 private:
  static std::size_t blocks_in_batch() { return std::max<std::size_t>(16, 4 * static_cast<std::size_t>(threads())); }

  /// A file that cannot be read on is told of when all that came before has been judged: what is told first does not
  /// depend on how many blocks a batch has.
  std::vector<Work> read_batch() {
    std::vector<Work> batch;
    if (unreadable_) return batch;
    try {
      read_blocks(batch);
    } catch (const Error&) {
      unreadable_ = std::current_exception();
    }
    return batch;
  }

  void read_blocks(std::vector<Work>& batch) {
    std::size_t bytes = 0;
    while (batch.size() < blocks_in_batch() && bytes < batch_bytes) {
      if (!reader_ && next_file_ == files_.count()) break;
      if (!reader_) {
        reader_ = std::make_unique<CsvBlockReader>(files_, next_file_++);
        reader_->sample(block_bytes_);
      }
      Work work = spare_work();
      if (reader_->next(work.block, block_bytes_, format_.delimiter)) {
        bytes += work.block.held.size();
        batch.push_back(std::move(work));
        bytes_read_ = bytes_of_files_ + reader_->consumed();
      } else {
        bytes_of_files_ += reader_->consumed();
        reader_.reset();
      }
    }
  }

  /// One that was stored, for its memory.
  Work spare_work() {
    if (spare_.empty()) return {};
    Work work = std::move(spare_.back());
    spare_.pop_back();
    return work;
  }

  void merge(Work& work) {
    merger_.merge(work.block, work.parsed, work.words);
    work.rows.first = scan_.rows - work.parsed.rows;
    work.rows.rows = work.parsed.rows;
    work.parsed.seen = std::vector<CsvParsed::Seen>();
  }

  /// Numbers words among all, and makes x as narrow as it may be.
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
  std::size_t block_bytes_;
  CsvMerger merger_;
  bool has_words_;
  std::vector<Work> spare_;
  std::unique_ptr<CsvBlockReader> reader_;
  std::exception_ptr unreadable_;
  std::size_t next_file_ = 0;
  std::int64_t bytes_read_ = 0;
  std::int64_t bytes_told_ = 0;
  std::int64_t bytes_of_files_ = 0;
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
  Scanner(files, layouts, format, rules, scan).run();
  return scan;
}

}  // namespace shoal
