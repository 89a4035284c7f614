#include "fuzz.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "shoal/core/error.hpp"

/// Asked for by LeakSanitizer. libhdf5 keeps a file that it cannot close: here one that would grow above the limit
/// below.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions();
const char* __lsan_default_suppressions() { return "leak:libhdf5\n"; }  // NOLINT(bugprone-reserved-identifier)

namespace shoal::fuzz {

InputAsFile::InputAsFile(std::span<const std::uint8_t> data)
    : descriptor_(::memfd_create("input", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(descriptor_)) {
  while (!data.empty()) {
    const ssize_t written = ::write(descriptor_, data.data(), data.size());
    if (written <= 0) std::abort();
    data = data.subspan(static_cast<std::size_t>(written));
  }
}

InputAsFile::~InputAsFile() { ::close(descriptor_); }

const std::string& output_path() {
  static const std::string path = [] {
    constexpr rlim_t most = rlim_t{64} << 20;
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{most, most};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return (std::filesystem::temp_directory_path() / ("shoal-fuzz-" + std::to_string(::getpid()) + ".h5")).string();
  }();
  return path;
}

int read(const std::function<void()>& reader) {
  try {
    reader();
  } catch (const Error& error) {
    const std::string line = error.what();
    const ExitStatus status = error.status();
    const bool full = status == ExitStatus::input_output && line.find("File too large") != std::string::npos;
    const bool diverged = status == ExitStatus::diverged;  // parameters that are not finite
    if (status == ExitStatus::usage || status == ExitStatus::bad_data || status == ExitStatus::no_input || diverged ||
        full)
      return 0;
    std::cerr << "status " << static_cast<int>(status) << ": " << line << '\n';
    std::abort();
  }
  return 0;
}

}  // namespace shoal::fuzz
