#include "shoal/io/h5_array.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/hdf5/array_description.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_block_bytes = std::int64_t{1} << 27;  // of one row of chunks; else parts of chunks are read

std::int64_t product(std::span<const std::int64_t> extents) {
  std::int64_t result = 1;
  for (const std::int64_t extent : extents) result *= extent;
  return result;
}

h5::Handle open_file(const std::filesystem::path& path) {
  const RandomAccessFile there(path);  // says what the system says of a missing file
  if (there.size() > 4 && there.text(0, 3) == "CDF")
    throw h5::Foreign("a file of netCDF-3", "write it as netCDF-4 (nccopy -k nc4 OLD NEW)");
  h5::start();
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, h5::file_access()), H5Fclose, "open it as HDF5"};
}

}  // namespace

struct H5Array::State {
  State(const std::filesystem::path& place, const std::string& name, std::int64_t block_bytes)
      : path(place), array_name(name), file(open_file(place)), array(h5::open_array(file, name)) {
    file_bytes = RandomAccessFile(path).size();
    info = h5::describe(file, array);
    form = h5::stored_form(array);
    if (form.bytes > 0) chunking = h5::chunking_of(array, info);
    const std::int64_t row = info.row_elements() * static_cast<std::int64_t>(element_bytes(info.type));
    if (!chunking.shape.empty()) {
      const std::int64_t chunk_rows = std::min(chunking.shape[0], info.rows());
      if (chunk_rows > most_block_bytes / std::max<std::int64_t>(1, row)) {
        chunking = {};
      } else {
        block_rows = chunk_rows * std::max<std::int64_t>(1, block_bytes / std::max<std::int64_t>(1, chunk_rows * row));
      }
    }
    if (chunking.shape.empty()) block_rows = std::max<std::int64_t>(1, block_bytes / std::max<std::int64_t>(1, row));
  }

  void load(std::int64_t first, std::int64_t rows);
  void load_by_library(std::int64_t first, std::int64_t rows, std::byte* out) const;
  void load_chunks(std::int64_t first, std::int64_t rows);

  /// One chunk of the block that is loaded.
  struct Chunk {
    std::vector<hsize_t> origin;
    std::vector<std::byte> stored;
    std::uint32_t skipped = 0;
  };
  bool fetch(Chunk& chunk) const;
  void place(const Chunk& chunk, std::span<const std::byte> elements, std::int64_t first, std::int64_t rows);

  std::filesystem::path path;
  std::string array_name;
  h5::Handle file;
  h5::Handle array;
  std::int64_t file_bytes = 0;
  StoredArray info;
  StoredForm form;
  h5::Chunking chunking;
  std::int64_t block_rows = 1;
  std::vector<std::byte> bytes;
  ArrayBlock block;
};

/// Rows of a region by the library, which undoes what was done to them.
void H5Array::State::load_by_library(std::int64_t first, std::int64_t rows, std::byte* out) const {
  std::vector<hsize_t> start(info.shape.size(), 0);
  std::vector<hsize_t> count(info.shape.begin(), info.shape.end());
  start[0] = static_cast<hsize_t>(first);
  count[0] = static_cast<hsize_t>(rows);
  const h5::Handle space(H5Dget_space(array), H5Sclose, "read a shape");
  h5::check_status(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
                   "choose rows");
  const h5::Handle memory(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose,
                          "make a shape");
  if (form.bytes == 0 || (!form.swapped && !form.half)) {
    const h5::Handle stored(H5Dget_type(array), H5Tclose, "read an element type");
    const h5::Handle native(H5Tget_native_type(stored, H5T_DIR_ASCEND), H5Tclose, "read an element type");
    // An enumeration or a field of bits has no conversion to numbers: its bits are theirs.
    const H5T_class_t kind = H5Tget_class(stored);
    const bool plain = kind == H5T_INTEGER || kind == H5T_FLOAT;
    h5::check_status(H5Dread(array, plain ? h5::type_id(info.type) : hid_t{native}, memory, space, H5P_DEFAULT, out),
                     "read rows");
    return;
  }
  const h5::Handle stored(H5Dget_type(array), H5Tclose, "read an element type");
  const auto elements = static_cast<std::size_t>(rows * info.row_elements());
  std::vector<std::byte> raw(elements * form.bytes);
  h5::check_status(H5Dread(array, stored, memory, space, H5P_DEFAULT, raw.data()), "read rows");
  convert_stored(form, raw.data(), out, elements);
}

/// Whether the chunk lies in the file: one that was never written does not.
bool H5Array::State::fetch(Chunk& chunk) const {
  hsize_t size = 0;
  if (H5Dget_chunk_storage_size(array, chunk.origin.data(), &size) < 0) {
    H5Eclear2(H5E_DEFAULT);
    return false;
  }
  if (size == 0) return false;
  if (size > static_cast<hsize_t>(file_bytes)) throw h5::Failure("a chunk is longer than the file");
  chunk.stored.resize(size);
  h5::check_status(H5Dread_chunk(array, H5P_DEFAULT, chunk.origin.data(), &chunk.skipped, chunk.stored.data()),
                   "read a chunk");
  return true;
}

/// Copies the part of a chunk that is inside the array to its place in the block.
void H5Array::State::place(const Chunk& chunk, std::span<const std::byte> elements, std::int64_t first,
                           std::int64_t rows) {
  const std::size_t rank = info.shape.size();
  std::vector<std::int64_t> inside(rank);  // extents of the part
  for (std::size_t d = 0; d < rank; ++d)
    inside[d] = std::min(chunking.shape[d], info.shape[d] - static_cast<std::int64_t>(chunk.origin[d]));
  inside[0] = std::min(inside[0], first + rows - static_cast<std::int64_t>(chunk.origin[0]));
  // Trailing dimensions that chunk and array have whole are one run.
  std::size_t last = rank - 1;
  std::int64_t run = inside[last];
  while (last > 0 && inside[last] == chunking.shape[last] && inside[last] == info.shape[last]) run *= inside[--last];
  std::vector<std::int64_t> at(last + 1, 0);
  const std::size_t width = element_bytes(info.type);
  for (;;) {
    std::int64_t from = 0;
    std::int64_t to = 0;
    for (std::size_t d = 0; d < rank; ++d) {
      const std::int64_t i = d < last ? at[d] : 0;
      const std::int64_t origin = static_cast<std::int64_t>(chunk.origin[d]) - (d == 0 ? first : 0);
      from = from * chunking.shape[d] + i;
      to = to * (d == 0 ? rows : info.shape[d]) + origin + i;
    }
    convert_stored(form, elements.data() + static_cast<std::size_t>(from) * form.bytes,
                   bytes.data() + static_cast<std::size_t>(to) * width, static_cast<std::size_t>(run));
    std::size_t d = last;
    while (d > 0 && ++at[d - 1] == inside[d - 1]) at[--d] = 0;
    if (d == 0) return;
  }
}

void H5Array::State::load_chunks(std::int64_t first, std::int64_t rows) {
  const std::size_t rank = info.shape.size();
  std::vector<Chunk> chunks;
  std::vector<hsize_t> origin(rank, 0);
  origin[0] = static_cast<hsize_t>(first);
  bool absent = false;
  for (;;) {
    Chunk chunk{origin, {}, 0};
    if (fetch(chunk)) {
      chunks.push_back(std::move(chunk));
    } else {
      absent = true;
    }
    std::size_t d = rank;
    while (d > 0) {
      origin[d - 1] += static_cast<hsize_t>(chunking.shape[d - 1]);
      const std::int64_t end = d == 1 ? first + rows : info.shape[d - 1];
      if (static_cast<std::int64_t>(origin[d - 1]) < end) break;
      origin[d - 1] = d == 1 ? static_cast<hsize_t>(first) : 0;
      --d;
    }
    if (d == 0) break;
  }
  if (absent) return load_by_library(first, rows, bytes.data());  // which knows what stands where nothing was written
  const std::size_t chunk_bytes = static_cast<std::size_t>(product(chunking.shape)) * form.bytes;
  parallel_for(static_cast<std::int64_t>(chunks.size()), [&](std::int64_t c) {
    Chunk& chunk = chunks[static_cast<std::size_t>(c)];
    const std::vector<std::byte> elements =
        h5::unfiltered(std::move(chunk.stored), chunking.filters, chunk.skipped, chunk_bytes);
    place(chunk, elements, first, rows);
  });
}

void H5Array::State::load(std::int64_t first, std::int64_t rows) {
  block = {};
  bytes.resize(static_cast<std::size_t>(rows * info.row_elements()) * element_bytes(info.type));
  if (chunking.shape.empty()) {
    load_by_library(first, rows, bytes.data());
  } else {
    load_chunks(first, rows);
  }
  block = {first, rows, bytes};
}

namespace {

/// Runs what reads a file; a failure becomes an Error that names file and array.
template <class F>
auto reading(const std::filesystem::path& path, const std::string& array, const F& read) {
  try {
    return read();
  } catch (const h5::Foreign& foreign) {
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: {}: {}; {}", path.string(), array, foreign.what(), foreign.remedy()));
  } catch (const h5::Failure& failure) {
    throw Error(ExitStatus::bad_data, fmt::format("{}: {}: {}", path.string(), array, failure.what()));
  }
}

}  // namespace

H5Array::H5Array(const std::filesystem::path& file, const std::string& array, std::int64_t block_bytes) {
  const h5::Turn turn;
  state_ = reading(file, array, [&] { return std::make_unique<State>(file, array, block_bytes); });
}

H5Array::~H5Array() {
  const h5::Turn turn;
  state_.reset();
}

const StoredArray& H5Array::info() const { return state_->info; }

const ArrayBlock& H5Array::block(std::int64_t row) {
  ArrayBlock& block = state_->block;
  if (row >= block.first && row < block.first + block.rows) return block;
  const h5::Turn turn;
  const std::int64_t first = row / state_->block_rows * state_->block_rows;
  const std::int64_t rows = std::min(state_->block_rows, state_->info.rows() - first);
  reading(state_->path, state_->array_name, [&] { state_->load(first, rows); });
  return block;
}

}  // namespace shoal
