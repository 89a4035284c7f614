#include "shoal/train/raw_data.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/host_name.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/import.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/posix.hpp"
#include "shoal/train/same_data.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// `label index:value ...`
bool looks_like_libsvm(std::string_view start) {
  const std::string_view line = start.substr(0, start.find('\n'));
  const std::size_t colon = line.find(':');
  const std::size_t blank = line.find(' ');
  if (colon == std::string_view::npos || blank == std::string_view::npos || blank + 1 >= colon ||
      line.find(',') < colon)
    return false;
  const std::string_view index = line.substr(blank + 1, colon - blank - 1);
  return std::all_of(index.begin(), index.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// The columns that CSV must have: those of the table that the model was trained on, or numbers by their names.
TableDescription wanted_table(const DataDescription& trained, const std::string& path) {
  if (trained.table) return *trained.table;
  if (trained.columns.empty())
    throw Error(ExitStatus::bad_data,
                fmt::format("{} names its columns, and the model was trained on data without such names; make a data "
                            "set of it with shoal import, and give that",
                            path));
  TableDescription table;
  for (const std::string& name : trained.columns) table.features.push_back({name, ColumnType::number, {}});
  return table;
}

DatasetSummary import_raw(const std::string& path, DataKind kind, const DataDescription& trained, bool labels,
                          const std::string& out) {
  const auto no_labels = [&](const char* files) {
    if (labels)
      throw Error(ExitStatus::usage,
                  fmt::format("{} holds no labels; make a data set of {} with shoal import, and give "
                              "that",
                              path, files));
  };
  switch (kind) {
    case DataKind::csv: return import_csv_for({{path}, wanted_table(trained, path), trained.class_names, labels}, out);
    case DataKind::libsvm: {
      LibsvmOptions options;
      options.file = path;
      options.regression = trained.classes == 0;
      for (options.features = 1; const std::int64_t extent : trained.shape) options.features *= extent;
      return import_libsvm(options, out);
    }
    case DataKind::npy: {
      no_labels("both arrays");
      NpyOptions options;
      options.x = path;
      return import_npy(options, out);
    }
    case DataKind::idx: {
      no_labels("images and labels");
      IdxOptions options;
      options.images = path;
      return import_idx(options, out);
    }
    default: {
      if (trained.shape.size() != 3)
        throw Error(ExitStatus::bad_data, fmt::format("{} is a folder, and the model was not trained on images", path));
      ImagesOptions options;
      options.folder = path;
      options.gray = trained.shape[0] == 1;
      options.height = trained.shape[1];
      options.width = trained.shape[2];
      return import_images(options, out);
    }
  }
}

std::string temporary_path(const std::string& name) {
  std::error_code error;
  const fs::path folder = fs::temp_directory_path(error);
  if (error)
    throw Error(ExitStatus::input_output,
                fmt::format("there is no folder for temporary files: {}; name one in TMPDIR", error.message()));
  return (folder / name).string();
}

}  // namespace

DataKind kind_of_data(const std::string& path) {
  if (path == "-") return DataKind::csv;
  std::error_code none;
  if (fs::is_directory(path, none)) return DataKind::images;
  if (fs::exists(path, none) && !fs::is_regular_file(path, none)) return DataKind::csv;  // a pipe: read once
  const RandomAccessFile file(path);
  std::array<char, 512> bytes{};
  const std::string_view start(bytes.data(),
                               static_cast<std::size_t>(std::min<std::int64_t>(file.size(), std::ssize(bytes))));
  file.read(0, std::as_writable_bytes(std::span(bytes).first(start.size())));
  // A checkpoint is none, and is refused as one by name.
  if (start.starts_with("\x89HDF\r\n\x1a\n") || looks_like_checkpoint(path)) return DataKind::data_set;
  if (start.starts_with("\x93NUMPY")) return DataKind::npy;
  if (start.size() >= 4 && start[0] == 0 && start[1] == 0 && start[3] > 0 && start[3] < 8) return DataKind::idx;
  return looks_like_libsvm(start) ? DataKind::libsvm : DataKind::csv;
}

RawData open_raw(const std::string& path, DataKind kind, const DataDescription& trained, bool labels,
                 Communicator& comm) {
  std::optional<posix::TemporaryFile> made;
  std::string file;
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    file = temporary_path(fmt::format("shoal-{}.h5", getpid()));
    made.emplace(file);
    const DatasetSummary summary = import_raw(path, kind, trained, labels, file);
    for (const std::string& note : summary.notes) log_info(note);
  });
  comm.broadcast_string(file);
  const std::string here = spread_file(file, comm, [](const std::string& name) {
    std::error_code none;
    return fs::exists(name, none);
  });
  std::optional<posix::TemporaryFile> copy;
  if (here != file) copy.emplace(here);
  // Once all have it open its name is not needed: whatever ends the job, nothing stays.
  const Dataset data = open_together(here, comm, path == "-" ? "standard input" : path);
  comm.barrier();
  return {data, data.names().front()};
}

std::string spread_file(const std::string& path, Communicator& comm,
                        const std::function<bool(const std::string& path)>& sees) {
  constexpr std::size_t piece_bytes = std::size_t{4} << 20;
  const bool blind = comm.rank() != 0 && !sees(path);
  if (comm.all_max(blind ? 1 : 0) == 0) return path;
  // Of the blind ranks of a host the first one writes.
  const std::vector<std::uint64_t> hosts = comm.all_gather(std::hash<std::string>()(host_name()));
  const std::vector<std::int64_t> all_blind = comm.all_gather(std::int64_t{blind ? 1 : 0});
  bool writes = blind;
  for (int r = 0; r < comm.rank(); ++r) {
    const auto at = static_cast<std::size_t>(r);
    if (all_blind[at] != 0 && hosts[at] == hosts[static_cast<std::size_t>(comm.rank())]) writes = false;
  }
  std::optional<RandomAccessFile> from;
  std::int64_t size = 0;
  std::string own = path;
  posix::Descriptor to;
  run_together(comm, [&] {
    if (comm.rank() == 0) {
      from.emplace(path);
      size = from->size();
    }
    if (!blind) return;
    own = temporary_path(fs::path(path).filename().string());
    if (!writes) return;
    to = posix::Descriptor(::open(own.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!to) posix::fail("write", own, errno, size);
  });
  size = comm.all_max(size);
  std::vector<std::byte> piece;
  for (std::int64_t offset = 0; offset < size; offset += std::ssize(piece)) {
    piece.resize(static_cast<std::size_t>(std::min<std::int64_t>(size - offset, piece_bytes)));
    run_together(comm, [&] {
      if (from) from->read(offset, piece);
    });
    comm.broadcast(piece);
    run_together(comm, [&] {
      if (!to) return;
      if (const int error = posix::write_all(to.get(), piece)) posix::fail("write", own, error, size);
    });
  }
  return own;
}

}  // namespace shoal
