#pragma once

// Fencing. A scheduler may start a job anew while ranks of the old one still run on a host that it lost sight of. Each
// job that owns a run directory has a number and a folder there, `incarnation-N`, and whatever it puts into the run
// directory it first makes in that folder and then renames. The next owner takes N + 1, by making a folder that was not
// there, and removes the folders before it: from then on every rename of an earlier owner fails, however late it wakes
// up and whatever it believes. Making, renaming and removing are atomic on network file systems too, and no clock
// counts.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include "shoal/io/posix.hpp"

namespace shoal {

class Incarnation {
 public:
  static constexpr std::string_view prefix = "incarnation-";

  /// The greatest number in a run directory, 0 when there is none. @throws Error(input_output)
  static std::int64_t newest(const std::filesystem::path& directory);
  /// Whether there is one at all, and not a file that somebody calls so. @throws Error(input_output)
  static bool any_in(const std::filesystem::path& directory);
  /// Takes a number. Nothing when somebody else has it. @throws Error(input_output)
  static std::optional<Incarnation> claim(const std::filesystem::path& directory, std::int64_t number);

  std::int64_t number() const { return number_; }
  /// Ends the power of all before this one. @throws Error(input_output)
  void fence_off_earlier() const;
  /// False once there is a later one, which fences this one off. @throws Error(input_output)
  bool stands() const;

  /// Where to make what is to be renamed to `place`: in the very folder that was made here. Its number can be there
  /// again for a moment, made by somebody who is late to claim it, when this one was fenced off. (By its name, where
  /// there is no /proc.)
  std::filesystem::path workshop(const std::filesystem::path& place) const;
  /// As write_atomically(). @throws Error(input_output), also when this one was fenced off
  void write(const std::filesystem::path& place, std::span<const std::byte> bytes) const;
  /// The first part of that: what is to be renamed to `place`.
  posix::Draft draft(const std::filesystem::path& place, std::span<const std::byte> bytes) const;
  /// Makes `place` a symbolic link to `target` (as given, so relative to the link's folder), in place of whatever link
  /// or file is there, in one step.
  void link(const std::filesystem::path& place, const std::filesystem::path& target) const;
  void remove(const std::filesystem::path& place) const;

 private:
  Incarnation(std::filesystem::path directory, std::int64_t number, posix::Descriptor workshop);

  std::filesystem::path directory_;
  std::int64_t number_;
  posix::Descriptor workshop_;
  std::filesystem::path way_in_;
};

}  // namespace shoal
