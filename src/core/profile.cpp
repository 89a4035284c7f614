#include "shoal/core/profile.hpp"

#include <algorithm>
#include <mutex>

namespace shoal {
namespace detail {

std::atomic<bool> profiling = false;
std::atomic<bool> in_compute_span = false;

}  // namespace detail
namespace {

using Clock = std::chrono::steady_clock;

std::mutex mutex;  // guards the rest
Profile profile;
std::size_t most_events = 0;
int threads_seen = 0;
int generation = 0;
Clock::time_point started;

thread_local Span* innermost = nullptr;
thread_local int my_number = -1;
thread_local int my_generation = -1;

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

/// A step has a few dozen names: a search is as fast as anything.
std::size_t line_of(SpanKind kind, std::string_view name) {
  auto& lines = profile.lines;
  const auto found = std::find_if(lines.begin(), lines.end(),
                                  [&](const ProfileLine& line) { return line.kind == kind && line.name == name; });
  if (found != lines.end()) return static_cast<std::size_t>(found - lines.begin());
  lines.push_back({kind, std::string(name), 0, 0.0, 0.0, 0});
  return lines.size() - 1;
}

}  // namespace

void start_profile(std::size_t keep_events) {
  const std::lock_guard lock(mutex);
  profile = {};
  most_events = keep_events;
  threads_seen = 0;
  ++generation;
  started = Clock::now();
  detail::profiling = true;
}

Profile end_profile() {
  detail::profiling = false;
  const std::lock_guard lock(mutex);
  return std::move(profile);
}

void profile_bytes(std::int64_t bytes) noexcept {
  if (innermost != nullptr) innermost->bytes_ += bytes;
}

std::string_view to_string(SpanKind kind) noexcept {
  switch (kind) {
    case SpanKind::compute: return "compute";
    case SpanKind::wait: return "wait";
    case SpanKind::read: return "read";
    case SpanKind::step: return "step";
  }
  return "";
}

void PartTimer::begin(std::string_view name, double flops) {
  name_ = name;
  flops_ = flops;
  begun_ = Clock::now();
}

void PartTimer::end() {
  const Clock::duration whole = Clock::now() - begun_;
  const std::lock_guard lock(mutex);
  if (!profiling() || begun_ < started) return;
  auto& parts = profile.parts;
  auto part = std::find_if(parts.begin(), parts.end(), [&](const ProfilePart& one) { return one.name == name_; });
  if (part == parts.end()) part = parts.insert(parts.end(), {std::string(name_), 0.0, 0.0});
  part->seconds += seconds(whole);
  part->flops += flops_;
}

void Span::begin(SpanKind kind, std::string_view name, double flops) {
  if (innermost == nullptr && kind != SpanKind::step && kind != SpanKind::read) return;
  running_ = true;
  kind_ = kind;
  name_ = name;
  flops_ = flops;
  outer_ = innermost;
  innermost = this;
  if (kind != SpanKind::read) detail::in_compute_span = kind == SpanKind::compute;  // that thread reads beside
  begun_ = Clock::now();
}

void Span::end() {
  const Clock::duration whole = Clock::now() - begun_;
  innermost = outer_;
  if (kind_ != SpanKind::read) detail::in_compute_span = outer_ != nullptr && outer_->kind_ == SpanKind::compute;
  if (outer_ != nullptr) outer_->inside_ += whole;
  const std::lock_guard lock(mutex);
  if (!profiling() || begun_ < started) return;
  if (my_generation != generation) {
    my_generation = generation;
    my_number = threads_seen++;
  }
  const std::size_t number = line_of(kind_, name_);
  ProfileLine& line = profile.lines[number];
  ++line.calls;
  line.seconds += seconds(whole - inside_);
  line.flops += flops_;
  line.bytes += bytes_;
  if (profile.events.size() < most_events) {
    profile.events.push_back({number, my_number, seconds(begun_ - started), seconds(whole)});
  } else if (most_events > 0) {
    ++profile.events_lost;
  }
}

}  // namespace shoal
