#pragma once

#include <filesystem>
#include <string>

namespace shoal {

/// The same file by a shorter name: without `.`, doubled slashes and a slash behind a folder, and with `..` taken as
/// the system takes it, so that `link/..` is the folder of what the link points to. Other links keep their names, a
/// relative path stays one, and what is not there keeps its `..`: it may mean anything yet.
std::filesystem::path tidy_path(const std::filesystem::path& path);

/// The same, from the root on.
std::filesystem::path absolute_path(const std::filesystem::path& path);

/// The same by a name that others may be made of: no slash behind it, and from the root on where it would be `.` or
/// `..`.
std::filesystem::path named_path(const std::filesystem::path& path);

/// The absolute path as configs and checkpoints keep it, to be found from any working directory.
/// @throws Error(usage)  when it is not UTF-8: no TOML could hold it, and the checkpoint could not be read again
std::string recorded_path(const std::filesystem::path& path);

/// Whether a rename can move a file from one folder to the other, as far as that is known; also where one is missing.
bool on_one_file_system(const std::filesystem::path& a, const std::filesystem::path& b);

/// The name of `file` and `ending`, beside it. A name that would be longer than the file system takes is cut before the
/// ending.
std::filesystem::path with_ending(const std::filesystem::path& file, const std::string& ending);

}  // namespace shoal
