#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shoal {

/// Records of TensorBoard's event files, each with its frame, so that a file is one behind the other.
/// Source: tensorflow/tensorboard, event.proto and summary.proto; TensorFlow, record_writer.h.
struct EventFile {
  /// What a file begins with; readers drop what they have of steps from `step` on.
  static std::string start(double time, std::int64_t step);
  /// One number. @param time  seconds since 1970. @param tag  its curve. It is kept as a float32.
  static std::string scalar(double time, std::int64_t step, std::string_view tag, double value);
  /// A name that readers know: events.out.tfevents.<seconds>.<host>.<pid>.<n>, n larger than that of others of this
  /// process, so that a folder lists them in the order of their making.
  static std::string name(double time);
  static bool is_name(std::string_view name);
};

/// Source: RFC 3720 (Castagnoli).
std::uint32_t crc32c(std::string_view bytes);

}  // namespace shoal
