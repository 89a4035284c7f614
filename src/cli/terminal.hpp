#pragma once

#include <termios.h>

#include <chrono>
#include <string>
#include <vector>

namespace shoal {

/// Takes the whole terminal of standard output until destroyed, on its second screen, and reads keys one by one.
class Terminal {
 public:
  Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  struct Size {
    int rows = 24;
    int columns = 80;
  };
  static Size size();

  static void draw(const std::vector<std::string>& lines);
  /// Returns a key; 0 when the time is over, the window has another size, or a signal came.
  char wait_for_key(std::chrono::milliseconds time);

 private:
  termios before_{};
  bool reads_keys_ = false;
};

}  // namespace shoal
