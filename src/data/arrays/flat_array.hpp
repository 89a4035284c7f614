#pragma once

#include <memory>
#include <string>
#include <vector>

#include "array_bytes.hpp"
#include "shoal/io/stored_array.hpp"

namespace shoal {

/// An array whose elements lie one behind the other after a header.
struct FlatLayout {
  std::string kind;        ///< of the file, for messages: "NPY"
  std::int64_t begin = 0;  ///< of the elements
  StoredForm form;
  StoredArray array;
  bool by_columns = false;  ///< the first index runs fastest: Fortran's order
};

/// Reads one in blocks of rows. By columns from a compressed file, it is held whole in memory.
class FlatArray final : public ArrayReader {
 public:
  /// @throws Error(bad_data)  for no rows, or a file that holds less or more than the shape needs
  FlatArray(std::string name, std::unique_ptr<ArrayBytes> bytes, FlatLayout layout, std::int64_t block_bytes);

  const StoredArray& info() const override { return layout_.array; }
  const ArrayBlock& block(std::int64_t row) override;

 private:
  void read_rows(std::int64_t first, std::int64_t rows);
  void read_columns(std::int64_t first, std::int64_t rows);
  /// Of what is compressed, without trusting `count` for an allocation.
  void read_growing(std::int64_t offset, std::int64_t count, std::vector<std::byte>& out);
  void read_exactly(std::int64_t offset, std::span<std::byte> out);
  [[noreturn]] void refuse_size(const std::string& holds) const;

  std::string name_;
  std::unique_ptr<ArrayBytes> bytes_;
  FlatLayout layout_;
  std::int64_t data_bytes_ = 0;
  std::int64_t block_rows_ = 1;
  std::vector<std::byte> raw_;
  std::vector<std::byte> whole_;  // the elements of a file that is compressed and by columns
  std::vector<std::byte> values_;
  ArrayBlock block_;
};

/// NumPy's format, version 1 to 3. Source: NumPy documentation, numpy.lib.format.
/// @param name  a file, gzip or plain, or FILE.npz:NAME
std::unique_ptr<ArrayReader> open_npy(const std::string& name, std::int64_t block_bytes);
/// The file of such a name.
std::string npy_file(const std::string& name);
/// IDX, the format of MNIST, of any element type. Source: http://yann.lecun.com/exdb/mnist, "The IDX file format".
std::unique_ptr<ArrayReader> open_idx(const std::string& path, std::int64_t block_bytes);

}  // namespace shoal
