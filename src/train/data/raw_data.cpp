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

[[noreturn]] void refuse_options(const std::string& what) { throw Error(ExitStatus::usage, what); }

/// Of several files the first stands for all.
std::string name_of(const RawFiles& raw) {
  const std::string& first = raw.paths.front();
  const auto more = static_cast<std::int64_t>(raw.paths.size()) - 1;
  return more == 0 ? first : fmt::format("{} and {}", first, counted(more, "file") + " more");
}

/// What CSV must have: the columns of the file that the model was trained on, or numbers by their names.
CsvForModel wanted_csv(const RawFiles& raw, const DataDescription& trained, bool labels) {
  CsvForModel wanted{raw.paths, {}, {}, raw.y, trained.class_names, labels};
  if (trained.table) {
    wanted.table = *trained.table;
  } else if (trained.file_columns) {
    wanted.table = *trained.file_columns;
    wanted.shape = trained.shape;
  } else if (trained.columns.empty()) {
    wanted.by_place = true;
    wanted.shape = trained.shape;
  } else {
    for (const std::string& name : trained.columns) wanted.table.features.push_back({name, ColumnType::number, {}});
  }
  if (labels && raw.y.empty() && wanted.table.labels.empty()) {
    refuse_options(fmt::format("the model does not know what the label is called in {}; say it with --y COLUMN",
                               raw.paths.front()));
  }
  return wanted;
}

void check_paths(const RawFiles& raw) {
  const std::string& file = raw.paths.front();
  if (!raw.x.empty() && raw.kind != DataKind::hdf5)
    refuse_options(fmt::format("--x names arrays of an HDF5 or netCDF file, and {} is none; leave it out", file));
  if (!raw.y.empty() && (raw.kind == DataKind::libsvm || raw.kind == DataKind::images))
    refuse_options(
        fmt::format("--y says where labels are in CSV, or beside NumPy, IDX, HDF5 and netCDF, and {} is none of these; "
                    "leave it out",
                    file));
  if (raw.paths.size() > 1 && raw.kind != DataKind::csv && raw.kind != DataKind::hdf5)
    refuse_options(fmt::format("{}: several files are taken of CSV, HDF5 and netCDF alone; give one", name_of(raw)));
}

void check_labels(const RawFiles& raw) {
  const bool apart = raw.kind == DataKind::npy || raw.kind == DataKind::idx || raw.kind == DataKind::hdf5;
  if (apart && raw.y.empty())
    refuse_options(fmt::format("{} holds no labels; say where they are with --y", raw.paths.front()));
}

DatasetSummary import_raw(const RawFiles& raw, const DataDescription& trained, bool labels, const std::string& out) {
  check_paths(raw);
  if (labels) check_labels(raw);
  const std::string& file = raw.paths.front();
  const bool with_y = labels && !raw.y.empty();
  // What stood for a missing number in training does so here; of a table NaN does as well.
  std::vector<std::string> missing = trained.table ? trained.table->missing : std::vector<std::string>{};
  if (trained.table) missing.emplace_back("nan");
  switch (raw.kind) {
    case DataKind::csv: return import_csv_for(wanted_csv(raw, trained, labels), out);
    case DataKind::libsvm: {
      LibsvmOptions options;
      options.file = file;
      if (!trained.table && trained.shape.size() == 1) options.first = first_libsvm_index(trained.columns);
      for (options.features = 1; const std::int64_t extent : trained.shape) options.features *= extent;
      options.model = {trained.class_names, trained.columns};
      options.labels = labels;
      return import_libsvm(options, out);
    }
    case DataKind::npy: {
      NpyOptions options;
      options.x = file;
      if (with_y) options.y = raw.y;
      options.missing = missing;
      options.model = {trained.class_names, trained.columns};
      return import_npy(options, out);
    }
    case DataKind::idx: {
      IdxOptions options;
      options.images = file;
      if (with_y) options.labels = raw.y;
      options.model = {trained.class_names, trained.columns};
      return import_idx(options, out);
    }
    case DataKind::hdf5: {
      Hdf5Options options;
      options.sources = raw.paths;
      options.x = raw.x;
      if (with_y) options.y = raw.y;
      options.missing = missing;
      options.model = {trained.class_names, trained.columns};
      return import_hdf5(options, out);
    }
    default: {
      const std::vector<std::int64_t>& shape = trained.shape;  // (C, H, W), or (H, W) of one channel
      if (shape.size() != 2 && shape.size() != 3)
        throw Error(ExitStatus::bad_data, fmt::format("{} is {}, and the model was not trained on images", file,
                                                      std::filesystem::is_directory(file) ? "a folder" : "an image"));
      ImagesOptions options;
      options.folder = file;
      options.gray = shape.size() == 2 || shape[0] == 1;
      options.height = shape[shape.size() - 2];
      options.width = shape.back();
      if (labels) options.model = {trained.class_names, trained.columns};
      return import_images(options, out);
    }
  }
}

/// Whether a message names an option that the commands which judge files do not have.
bool names_options_of_import(std::string_view what) {
  constexpr std::array own{"--x", "--y", "--data", "--split"};
  for (std::size_t at = what.find("--"); at != std::string_view::npos; at = what.find("--", at + 2)) {
    const std::size_t end = std::min(what.find_first_of(" ,;:)", at), what.size());
    const std::string_view option = what.substr(at, end - at);
    const bool begins = at == 0 || what[at - 1] == ' ';
    if (begins && std::ranges::find(own, option) == own.end()) return true;
  }
  return false;
}

/// Importers advise by their options.
void import_for_model(const RawFiles& raw, const DataDescription& trained, bool labels, const std::string& out) {
  try {
    for (const std::string& note : import_raw(raw, trained, labels, out).notes) log_info(note);
  } catch (const Error& error) {
    const std::string_view what = error.what();
    constexpr std::string_view label = "--label ";  // which is --y here
    if (what.starts_with(label)) throw Error(error.status(), fmt::format("--y {}", what.substr(label.size())));
    if (!names_options_of_import(what)) throw;
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

RawData open_raw(const RawFiles& raw, const DataDescription& trained, bool labels, Communicator& comm) {
  std::optional<posix::TemporaryFile> made;
  std::string file;
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    file = temporary_path(fmt::format("shoal-{}.h5", posix::process_mark()));
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
  const Dataset data = open_together(here, comm, raw.paths.front() == "-" ? "standard input" : name_of(raw));
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
