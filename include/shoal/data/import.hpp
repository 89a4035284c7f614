#pragma once

// Makes data sets (see Dataset) from files of other formats. The file written is a function of the input's bytes, the
// input's file names without folders, and the options; it appears whole or not at all.
//
// All importers throw Error: usage for options that do not fit together or the file, no_input for a missing file,
// bad_data for a file that cannot be used (with its name and, where it has them, line or row and column), input_output
// when reading or writing fails. Cells that are empty or not finite are errors. Text files and IDX may be gzip files.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace shoal {

/// Which rows go where; all others are the split train. Rows keep their order. Fractions are of all rows of the file,
/// round(fraction * rows) of them drawn by counter from the seed: where y holds classes from each its share.
struct SplitOptions {
  std::int64_t test_last = 0;        ///< the last rows of the file; not with test_fraction
  double test_fraction = 0.0;        ///< [0, 1)
  double validation_fraction = 0.0;  ///< [0, 1); never takes rows of test
  std::uint64_t seed = 1;
  bool stratify = true;  ///< false: rows are drawn without a look at their classes
};

/// What was written, for the command to print.
struct DatasetSummary {
  struct Rows {
    std::string split;
    std::int64_t rows = 0;
  };
  std::vector<Rows> splits;         ///< sorted by name
  std::vector<std::int64_t> shape;  ///< of one row of x
  std::string element;              ///< of x, such as "uint8"
  std::int64_t classes = 0;         ///< 0 without labels
  std::int64_t outputs = 0;         ///< targets a row; 0 without
  std::string content;              ///< the digest
};

/// IDX, the format of MNIST: numbers of any type and rank, images (N, D...), labels (N). x is uint8 where the file is,
/// float32 where that holds every value, else float64. Class k is label k; labels that are floats by the rules of
/// CsvOptions. Source: http://yann.lecun.com/exdb/mnist, "The IDX file format".
struct IdxOptions {
  std::string images = {};
  std::string labels = {};       ///< empty: no y
  std::string test_images = {};  ///< the split test as files of its own; then neither test_last nor test_fraction
  std::string test_labels = {};
  std::string like = {};    ///< data set whose classes are taken
  bool regression = false;  ///< labels are numbers to predict
  SplitOptions split = {};

  std::vector<std::string> files() const { return {images, labels, test_images, test_labels, like}; }
};
DatasetSummary import_idx(const IdxOptions& options, const std::string& out);
inline DatasetSummary import_from(const IdxOptions& options, const std::string& out) {
  return import_idx(options, out);
}

/// CSV (RFC 4180), the names in its header no two alike. x is uint8 when every cell is a whole number in 0..255, else
/// float32. Labels: whole numbers >= 0 are class numbers, or, where they are large and most numbers below are missing,
/// codes that become classes in numeric order, as do other whole numbers; other numbers are float targets, as all are
/// for regression; texts become classes sorted bytewise. Numbers beside texts are an error unless `classes` is said.
struct CsvOptions {
  std::string file = {};
  std::string label = {};  ///< column, by name (then line 1 is the header) or number from 0; empty: no y
  /// Unset: line 1 is a header if label is a name or a feature cell in it is no number.
  std::optional<bool> header = std::nullopt;
  std::string like = {};  ///< data set whose classes and columns (by name where both have names) are taken
  std::vector<std::int64_t> shape = {};  ///< of a row of x; empty: (columns). Not with like
  bool regression = false;
  bool classes = false;  ///< labels are names of classes, where they are not whole numbers
  SplitOptions split = {};

  std::vector<std::string> files() const { return {file, like}; }
};
DatasetSummary import_csv(const CsvOptions& options, const std::string& out);
inline DatasetSummary import_from(const CsvOptions& options, const std::string& out) {
  return import_csv(options, out);
}

/// NumPy arrays, version 1 to 3, of either order and byte order, booleans, whole numbers and floats of 2, 4 and 8
/// bytes: FILE.npy, or FILE.npz:NAME of an archive. x (N, D...) becomes uint8 where it is or is boolean, float32 where
/// that holds every value, else float64; y (N) by the rules of CsvOptions, (N, K) of floats are targets.
struct NpyOptions {
  std::string x = {};
  std::string y = {};       ///< empty: no y
  std::string test_x = {};  ///< the split test as arrays of its own
  std::string test_y = {};
  std::string like = {};                  ///< data set whose classes are taken, or that y are targets
  std::vector<std::string> missing = {};  ///< numbers or nan that stand for a missing value of x; then it is a table
  bool regression = false;
  bool classes = false;
  SplitOptions split = {};

  std::vector<std::string> files() const;
};
DatasetSummary import_npy(const NpyOptions& options, const std::string& out);
inline DatasetSummary import_from(const NpyOptions& options, const std::string& out) {
  return import_npy(options, out);
}

/// LIBSVM's `label index:value ...`, indices in any order, each once; `qid:` is left out. x becomes dense float32, or
/// float64 where that does not hold every value, as wide as the greatest index. The first column is index 1, or 0 where
/// that occurs. Labels are classes or targets by the rules of CsvOptions; classes are in numeric order.
struct LibsvmOptions {
  std::string file = {};
  std::string test = {};      ///< file of the split test
  std::string like = {};      ///< data set whose classes and number of features are taken
  std::int64_t features = 0;  ///< columns of x; 0: by the greatest index. Greater indices are an error
  bool regression = false;
  bool classes = false;
  SplitOptions split = {};

  std::vector<std::string> files() const { return {file, test, like}; }
};
DatasetSummary import_libsvm(const LibsvmOptions& options, const std::string& out);
inline DatasetSummary import_from(const LibsvmOptions& options, const std::string& out) {
  return import_libsvm(options, out);
}

/// A folder that holds a folder a class, called by its name, with images in it: JPEG (decoded by libjpeg-turbo with the
/// integer transform) and PNG of 8 bits a channel. Classes and files are sorted bytewise. x is uint8 (3, height,
/// width), or (1, height, width) for gray. Images of another size are stretched to it by a triangle filter in whole
/// numbers. Files that are no images by the ends of their names are left out and said. A folder of images alone makes
/// no y.
struct ImagesOptions {
  std::string folder = {};
  std::string test = {};   ///< folder of the split test; may lack classes, but have no others
  std::string like = {};   ///< data set whose classes and size are taken
  std::int64_t width = 0;  ///< 0: as in like
  std::int64_t height = 0;
  bool gray = false;      ///< also where like is
  bool skip_bad = false;  ///< leaves out what cannot be read, and says how many; else that is an error
  SplitOptions split = {};

  std::vector<std::string> files() const { return {like}; }
};
DatasetSummary import_images(const ImagesOptions& options, const std::string& out);
inline DatasetSummary import_from(const ImagesOptions& options, const std::string& out) {
  return import_images(options, out);
}

/// Arrays of HDF5 and netCDF-4 files of any layout. x keeps its shape (N, ...); several arrays are laid side by side,
/// each row of each flat, and so are tables of numbers called by their paths. Files are joined along the rows. x is
/// uint8 where all is, float32 where that holds every value, else float64. By netCDF's conventions values are scaled,
/// shifted and missing; `missing` names more that are. y (N) by the rules of CsvOptions, (N, K) are targets.
struct Hdf5Options {
  std::vector<std::string> sources = {};  ///< at least one file
  std::vector<std::string> x = {};        ///< at least one path of an array
  std::string y = {};                     ///< empty: no y
  std::vector<std::string> test = {};     ///< files of the split test
  std::string like = {};                  ///< data set whose classes are taken, or that y are targets
  std::vector<std::string> missing = {};  ///< numbers or nan that stand for a missing value of x
  bool regression = false;
  bool classes = false;
  SplitOptions split = {};

  std::vector<std::string> files() const;
};
DatasetSummary import_hdf5(const Hdf5Options& options, const std::string& out);
inline DatasetSummary import_from(const Hdf5Options& options, const std::string& out) {
  return import_hdf5(options, out);
}

/// What one of them asks for: import_from() calls it, files() are those that it reads.
using ImportOptions = std::variant<IdxOptions, CsvOptions, NpyOptions, LibsvmOptions, ImagesOptions, Hdf5Options>;

}  // namespace shoal
