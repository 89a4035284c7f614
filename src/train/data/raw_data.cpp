#include "shoal/train/raw_data.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

[[noreturn]] void refuse_options(const std::string& what) { throw Error(ExitStatus::usage, what); }

void check_paths(const RawFile& file) {
  const bool arrays = file.kind == DataKind::npy || file.kind == DataKind::idx || file.kind == DataKind::hdf5;
  if (!file.x.empty() && file.kind != DataKind::hdf5)
    refuse_options(fmt::format("--x names arrays of an HDF5 or netCDF file, and {} is none; leave it out", file.path));
  if (!file.y.empty() && !arrays)
    refuse_options(
        fmt::format("--y is where labels are beside NumPy, IDX, HDF5 and netCDF, and {} is none of these; "
                    "leave it out",
                    file.path));
}

void check_labels(const RawFile& file) {
  const bool apart = file.kind == DataKind::npy || file.kind == DataKind::idx || file.kind == DataKind::hdf5;
  if (apart && file.y.empty())
    refuse_options(fmt::format("{} holds no labels; say where they are with --y", file.path));
}

DatasetSummary import_raw(const RawFile& file, const DataDescription& trained, bool labels, const std::string& out) {
  check_paths(file);
  if (labels) check_labels(file);
  const bool with_y = labels && !file.y.empty();
  // What stood for a missing number in training does so here.
  const std::vector<std::string> missing = trained.table ? trained.table->missing : std::vector<std::string>{};
  switch (file.kind) {
    case DataKind::csv:
      return import_csv_for({{file.path}, wanted_table(trained, file.path), trained.class_names, labels}, out);
    case DataKind::libsvm: {
      LibsvmOptions options;
      options.file = file.path;
      if (!trained.table && trained.shape.size() == 1) options.first = first_libsvm_index(trained.columns);
      for (options.features = 1; const std::int64_t extent : trained.shape) options.features *= extent;
      options.model = {trained.class_names, trained.columns};
      options.labels = labels;
      return import_libsvm(options, out);
    }
    case DataKind::npy: {
      NpyOptions options;
      options.x = file.path;
      if (with_y) options.y = file.y;
      options.missing = missing;
      options.model = {trained.class_names, trained.columns};
      return import_npy(options, out);
    }
    case DataKind::idx: {
      IdxOptions options;
      options.images = file.path;
      if (with_y) options.labels = file.y;
      options.model = {trained.class_names, trained.columns};
      return import_idx(options, out);
    }
    case DataKind::hdf5: {
      Hdf5Options options;
      options.sources = {file.path};
      options.x = file.x;
      if (with_y) options.y = file.y;
      options.missing = missing;
      options.model = {trained.class_names, trained.columns};
      return import_hdf5(options, out);
    }
    default: {
      const std::vector<std::int64_t>& shape = trained.shape;  // (C, H, W), or (H, W) of one channel
      if (shape.size() != 2 && shape.size() != 3)
        throw Error(ExitStatus::bad_data,
                    fmt::format("{} is a folder, and the model was not trained on images", file.path));
      ImagesOptions options;
      options.folder = file.path;
      options.gray = shape.size() == 2 || shape[0] == 1;
      options.height = shape[shape.size() - 2];
      options.width = shape.back();
      if (labels) options.model = {trained.class_names, trained.columns};
      return import_images(options, out);
    }
  }
}

/// Importers advise by their options, which the commands that judge files do not have.
void import_for_model(const RawFile& file, const DataDescription& trained, bool labels, const std::string& out) {
  try {
    for (const std::string& note : import_raw(file, trained, labels, out).notes) log_info(note);
  } catch (const Error& error) {
    const std::string_view what = error.what();
    constexpr std::array own{"--x ", "--y "};
    const bool advises = what.find(" --") != std::string_view::npos;
    if (!advises || std::ranges::any_of(own, [&](const char* option) { return what.starts_with(option); })) throw;
    throw Error(error.status(),
                fmt::format("{} (options of shoal import: make a data set with it, and give that)", what));
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

RawData open_raw(const RawFile& raw, const DataDescription& trained, bool labels, Communicator& comm) {
  std::optional<posix::TemporaryFile> made;
  std::string file;
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    file = temporary_path(fmt::format("shoal-{}.h5", getpid()));
    made.emplace(file);
    import_for_model(raw, trained, labels, file);
  });
  comm.broadcast_string(file);
  const std::string here = spread_file(file, comm, [](const std::string& name) {
    std::error_code none;
    return fs::exists(name, none);
  });
  std::optional<posix::TemporaryFile> copy;
  if (here != file) copy.emplace(here);
  // Once all have it open its name is not needed: whatever ends the job, nothing stays.
  const Dataset data = open_together(here, comm, raw.path == "-" ? "standard input" : raw.path);
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
