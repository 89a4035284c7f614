#include "show/serve/run_news.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <string_view>
#include <system_error>
#include <variant>

#include "shoal/core/hash.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/metrics.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_paths.hpp"
#include "show/report/run_json.hpp"
#include "show/report/sweep_json.hpp"
#include "show/serve/nudge_keys.hpp"
#include "show/sweep_stamp.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t compared_bytes = 64;    // before the mark
constexpr std::int64_t most_bytes = 16 << 20;  // of news: who is further behind gets all, thinned

/// @param jobs  bytes of what is noted of jobs: where one begins or ends, curves are parted and marks are set anew
std::string mark_at(const RandomAccessFile& file, std::int64_t offset, std::uintmax_t jobs) {
  const std::string before = file.text(std::max<std::int64_t>(0, offset - compared_bytes), offset);
  return fmt::format("{}.{}.{}", offset, Hash().add(before).hex(), jobs);
}

/// 0 where there is no such file.
std::uintmax_t bytes_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(path, error);
  return error ? 0 : bytes;
}

/// Where to go on; 0 where the file is not the one that was marked, or there is more of jobs.
std::int64_t begin_of(const RandomAccessFile& file, const std::string& mark, std::uintmax_t jobs) {
  std::int64_t offset = 0;
  std::from_chars(mark.data(), mark.data() + mark.size(), offset);
  if (offset <= 0 || offset > file.size() || file.size() - offset > most_bytes) return 0;
  return mark_at(file, offset, jobs) == mark ? offset : 0;
}

/// Behind the last whole line.
std::int64_t end_of(const RandomAccessFile& file) {
  constexpr std::int64_t longest_line = 1 << 16;
  const std::int64_t begin = std::max<std::int64_t>(0, file.size() - longest_line);
  const std::size_t found = file.text(begin, file.size()).rfind('\n');
  return found == std::string::npos ? 0 : begin + static_cast<std::int64_t>(found) + 1;
}

/// What the lines of a text say.
class News {
 public:
  void read(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at) + 1;
      if (const auto line = parse_metrics_line(text.substr(at, end - at))) std::visit([&](auto& r) { add(r); }, *line);
      at = end;
    }
  }
  std::int64_t latest() const { return latest_; }
  void put_into(Json& json) {
    json.set("steps", Json::object({{"step", std::move(step_)},
                                    {"loss", std::move(loss_)},
                                    {"learning_rate", std::move(learning_rate_)},
                                    {"samples_per_second", std::move(samples_per_second_)}}));
    json.set("evaluations", std::move(evaluations_));
  }

 private:
  void add(const StepRecord& record) {
    latest_ = record.step;
    step_.push(record.step);
    loss_.push(Json::shortest(record.loss));
    learning_rate_.push(Json::shortest(record.learning_rate));
    samples_per_second_.push(Json::shortest(record.samples_per_second, 6));
  }
  void add(const EvaluationRecord& record) {
    Json one = Json::object({{"step", record.step},
                             {"epoch", record.epoch},
                             {"split", record.split},
                             {"loss", Json::shortest(record.loss)}});
    if (record.accuracy) one.set("accuracy", Json::shortest(*record.accuracy));
    if (!record.metric.empty()) one.set(record.metric, Json::shortest(record.value));
    evaluations_.push(std::move(one));
  }

  std::int64_t latest_ = 0;
  Json step_ = Json::array();
  Json loss_ = Json::array();
  Json learning_rate_ = Json::array();
  Json samples_per_second_ = Json::array();
  Json evaluations_ = Json::array();
};

Json to_json(const NudgeJournal& journal) {
  Json nudges = Json::array();
  for (const Nudge& nudge : journal.nudges())
    nudges.push(Json::object({{"step", nudge.step}, {"text", nudge.assignment()}}));
  return nudges;
}

/// Of a long run it takes gigabytes while it is made: one at a time, however many pages ask.
Json whole_run(const std::string& run) {
  static std::mutex one;
  const std::lock_guard lock(one);
  return run_json(run);
}

}  // namespace

Json run_news(const std::string& run, const std::string& mark) {
  const RunPaths paths{run};
  Json json = Json::object();
  std::int64_t latest = 0;
  bool whole = true;
  std::string next;
  std::error_code none;
  if (fs::exists(paths.metrics(), none)) {
    const RandomAccessFile file(paths.metrics());
    const std::uintmax_t jobs = bytes_of(paths.jobs());
    const std::int64_t begin = begin_of(file, mark, jobs);
    const std::int64_t end = end_of(file);
    whole = begin == 0 || end < begin;
    next = mark_at(file, end, jobs);
    if (!whole) {
      News news;
      news.read(file.text(begin, end));
      latest = news.latest();
      news.put_into(json);
      json.set("best", RunDirectory::best(run));
    }
  }
  json.set("mark", next);
  if (whole) {  // read after the mark was made: it may hold more than that says, never less
    Json all = whole_run(run);
    latest = all.at("step").integer();
    json.set("run", std::move(all));
  }
  const NudgeJournal journal = NudgeJournal::of_run(run);
  json.set("nudges", to_json(journal));
  if (whole || latest > 0) json.set("keys", nudge_keys(journal.config_at(load_config(paths.config(), {}), latest + 1)));
  return json;
}

Json sweep_news(const std::string& sweep, const std::string& mark) {
  const std::string stamp = sweep_stamp(sweep);
  Json json = Json::object({{"mark", stamp}});
  if (stamp != mark) json.set("sweep", sweep_json(sweep));
  return json;
}

}  // namespace shoal
