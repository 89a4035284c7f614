#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// Where the time of training steps goes. Off until start_profile(): a span then costs a look at one flag. Spans are
/// for whole operations of a step, not for what one thread of many does inside of one. Those of `step` and `read` may
/// stand alone; the others are noted inside of a step, and left out where the same is done for an evaluation or a
/// checkpoint.
enum class SpanKind {
  compute,
  wait,  ///< for other ranks, or for a batch that is not read yet
  read,  ///< rows of coming batches, by the thread that reads ahead
  step,  ///< a whole training step; what is not in the spans inside of it is its own
};
std::string_view to_string(SpanKind kind) noexcept;

/// All spans of one kind and name together.
struct ProfileLine {
  SpanKind kind = SpanKind::compute;
  std::string name;
  std::int64_t calls = 0;
  double seconds = 0.0;  ///< without the spans inside
  double flops = 0.0;    ///< of the algorithm: 2 for a multiplication and its addition
  std::int64_t bytes = 0;
};

/// One span, for a picture over time.
struct ProfileEvent {
  std::size_t line = 0;  ///< index into Profile::lines
  int thread = 0;        ///< 0: the first that had a span
  double begin_s = 0.0;  ///< since start_profile()
  double duration_s = 0.0;
};

/// What threads share inside of compute spans, by name.
struct ProfilePart {
  std::string name;
  double seconds = 0.0;  ///< of all threads together
  double flops = 0.0;
};

struct Profile {
  std::vector<ProfileLine> lines;  ///< in the order of first use
  std::vector<ProfilePart> parts;  ///< likewise
  std::vector<ProfileEvent> events;
  std::int64_t events_lost = 0;
};

/// Begins anew. keep_events: at most so many events are kept, the first ones.
void start_profile(std::size_t keep_events = 0);
/// Stops, and gives what was noted. Spans that are open are left out.
Profile end_profile();

namespace detail {
extern std::atomic<bool> profiling;
extern std::atomic<bool> in_compute_span;  // the innermost of a thread that is in a step
}  // namespace detail
inline bool profiling() noexcept { return detail::profiling.load(std::memory_order_relaxed); }

/// Times what any thread does until the end of a scope as a part of the compute span that is under way; nothing where
/// there is none.
class PartTimer {
 public:
  /// name: outlives the timer
  PartTimer(std::string_view name, double flops) {
    if (!name.empty() && detail::in_compute_span.load(std::memory_order_relaxed)) begin(name, flops);
  }
  PartTimer(const PartTimer&) = delete;
  PartTimer& operator=(const PartTimer&) = delete;
  ~PartTimer() {
    if (!name_.empty()) end();
  }

 private:
  void begin(std::string_view name, double flops);
  void end();

  std::string_view name_;  // empty: not timed
  double flops_ = 0.0;
  std::chrono::steady_clock::time_point begun_;
};

/// Payload sent to other ranks, noted in the innermost span of this thread.
void profile_bytes(std::int64_t bytes) noexcept;

/// Marks what the calling thread does until the end of a scope. Spans nest.
class Span {
 public:
  /// name: outlives the span
  Span(SpanKind kind, std::string_view name, double flops = 0.0) {
    if (profiling()) begin(kind, name, flops);
  }
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
  ~Span() {
    if (running_) end();
  }

 private:
  friend void profile_bytes(std::int64_t bytes) noexcept;
  using Clock = std::chrono::steady_clock;

  void begin(SpanKind kind, std::string_view name, double flops);
  void end();

  bool running_ = false;
  SpanKind kind_ = SpanKind::compute;
  std::string_view name_;
  double flops_ = 0.0;
  std::int64_t bytes_ = 0;
  Clock::time_point begun_;
  Clock::duration inside_{};  // spent in spans inside of this one
  Span* outer_ = nullptr;
};

}  // namespace shoal
