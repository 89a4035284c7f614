#pragma once

// Makes data sets (see Dataset) from files of other formats. The file written is a function of the input's bytes, the
// input's file names without folders, and the options; it appears whole or not at all.
//
// All importers throw Error: usage for options that do not fit together or the file, no_input for a missing file,
// bad_data for a file that cannot be used (with its name and, where it has them, line or row and column), input_output
// when reading or writing fails. Numbers that are not finite are errors, as are gaps, but of columns of a CSV file and
// of what `missing` names. Text files and IDX may be gzip files.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shoal/data/columns.hpp"

namespace shoal {

class Json;

/// Which rows go where; all others are the split train. Rows keep their order. Fractions are of all rows of the file,
/// round(fraction * rows) of them drawn by counter from the seed: where y holds classes from each its share.
struct SplitOptions {
  std::int64_t test_last = 0;        ///< the last rows of the file; not with test_fraction
  double test_fraction = 0.0;        ///< [0, 1)
  double validation_fraction = 0.0;  ///< [0, 1); never takes rows of test
  std::uint64_t seed = 1;
  bool stratify = true;  ///< false: rows are drawn without a look at their classes
};

/// What a model fixes of files that it judges.
struct ForModel {
  std::vector<std::string> class_names = {};  ///< none: it predicts numbers
  std::vector<std::string> columns = {};      ///< what it calls its features; none: nothing
};

/// What was written, for the command to print.
struct DatasetSummary {
  struct Rows {
    std::string split;
    std::int64_t rows = 0;
  };
  std::vector<Rows> splits;             ///< sorted by name
  std::vector<std::int64_t> shape;      ///< of one row of x
  std::string element;                  ///< of x, such as "uint8"
  std::int64_t classes = 0;             ///< 0 without labels
  std::int64_t outputs = 0;             ///< targets a row; 0 without
  std::string content;                  ///< the digest
  std::vector<std::string> notes = {};  ///< lines to be said: what was left out, and the like

  /// What an importer understood of a column of the file.
  struct FileColumn {
    std::string name;
    std::string role;
    std::string type;
    std::int64_t missing = 0;
    std::string content;  ///< range, number of texts, classes with their counts
    std::string reason;   ///< of role or type, and the option that overrules it
  };
  std::vector<FileColumn> columns = {};  ///< in the order of the file
  std::string columns_text = {};         ///< the same as TOML, see CsvChoices
};

/// IDX, the format of MNIST: numbers of any type and rank, images (N, D...), labels (N). x is uint8 where the file is,
/// float32 where that holds every value, else float64. Class k is label k; labels that are floats by the rules of
/// CsvOptions. Source: http://yann.lecun.com/exdb/mnist, "The IDX file format".
struct IdxOptions {
  std::string images = {};
  std::string labels = {};       ///< empty: no y
  std::string test_images = {};  ///< the split test as files of its own; then neither test_last nor test_fraction
  std::string test_labels = {};
  std::string like = {};               ///< data set whose classes are taken
  std::optional<ForModel> model = {};  ///< in place of `like`
  bool regression = false;             ///< labels are numbers to predict
  SplitOptions split = {};

  std::vector<std::string> files() const { return {images, labels, test_images, test_labels, like}; }
};
DatasetSummary import_idx(const IdxOptions& options, const std::string& out);
inline DatasetSummary import_from(const IdxOptions& options, const std::string& out) {
  return import_idx(options, out);
}

/// What a person says of a column; empty words: to be found out.
struct CsvColumnChoice {
  std::string name;
  std::string role;  ///< feature, label, weight, id, group, split, ignore
  std::string type;  ///< number, category, flag, date; of a label category means classes, number targets
};

/// A file of columns (--columns), which import writes as well. Takes the place of the options of roles and types.
struct CsvChoices {
  std::string file = {};  ///< for messages; empty: there is none
  std::optional<bool> header = std::nullopt;
  std::optional<char> delimiter = std::nullopt;
  std::optional<char> decimal = std::nullopt;
  std::optional<DateOrder> date_order = std::nullopt;
  std::optional<std::vector<std::string>> missing = std::nullopt;
  std::vector<CsvColumnChoice> columns = {};
};
/// From the file's content. @throws Error(usage)  for a key or word that is none
CsvChoices csv_choices(const Json& content, const std::string& file);

/// CSV (RFC 4180), also with other delimiters, in UTF-8 or UTF-16; plain, gzip or zstd. COLUMN and COLUMNS below are
/// names or numbers from 0, with commas between several (one whose name has a comma in quotes); without a header the
/// numbers are the names. What is not said is found out from all rows, and told in DatasetSummary::columns and notes.
///
/// x holds numbers as they are, of texts which one (see TableDescription), of dates seconds; NaN where a cell is
/// missing. It is uint8 when every value is a whole number in 0..255 and none is missing; float32 when each is exact in
/// it or has at most 6 digits; else float64. Texts are categories up to 1,000 of them.
///
/// One label is classes where it has texts, or where its numbers are -1 and 1, or whole, 0 or more, and few: at most
/// 20, or at most 1,000 that occur 20 times on average. Numbers become classes of that number, or, where they are large
/// and most numbers below are missing, codes that become classes in numeric order. All others are targets.
struct CsvOptions {
  std::string file = {};                              ///< "-": standard input
  std::vector<std::string> further = {};              ///< files behind it, with equal headers
  std::vector<std::string> test = {};                 ///< files with the same columns, by name: the split test
  std::string label = {};                             ///< COLUMNS; several are targets; empty: no y
  std::string weight = {};                            ///< COLUMN: numbers of 0 or more
  std::string id = {};                                ///< COLUMNS that are kept and not learnt from
  std::string group = {};                             ///< COLUMN: rows with one text of it go to one split
  std::string split_column = {};                      ///< COLUMN: says the split of each row
  std::string ignore = {};                            ///< COLUMNS
  std::string category = {};                          ///< COLUMNS whose cells are names, even where they are numbers
  std::optional<std::string> missing = std::nullopt;  ///< spellings with commas between; unset: usual ones
  std::optional<bool> header = std::nullopt;
  std::optional<char> delimiter = std::nullopt;  ///< a space: runs of them
  std::optional<char> decimal = std::nullopt;    ///< '.' or ','
  std::optional<DateOrder> date_order = std::nullopt;
  CsvChoices choices = {};
  std::string like = {};  ///< data set whose classes and columns (by name where both have names) are taken
  std::vector<std::int64_t> shape =
      {};  ///< of a row of x, all numbers; then there is no TableDescription. Not with like
  bool regression = false;
  bool classes = false;          ///< labels are names of classes, where they are not whole numbers
  bool drop_unlabelled = false;  ///< leave out rows without a label, else an error
  SplitOptions split = {};

  std::vector<std::string> files() const;
};
DatasetSummary import_csv(const CsvOptions& options, const std::string& out);

/// What pandas, R and others write for a missing number.
const std::vector<std::string>& usual_missing();

/// Rows of raw CSV for a model, or for a set like another one.
struct CsvForModel {
  std::vector<std::string> files = {};        ///< one after the other, with equal headers; "-": standard input
  TableDescription table = {};                ///< of the model: which columns, and of what types
  std::vector<std::int64_t> shape = {};       ///< of a row of x where no table is made; empty: one is
  std::string label = {};                     ///< COLUMNS in place of those of the table; empty: those
  std::vector<std::string> class_names = {};  ///< of the model; empty: labels are targets
  bool labels = true;                         ///< whether they are read, where the files have all columns of them
  std::string owner = "the model";            ///< what the table is of, for messages
  bool drop_unlabelled = false;               ///< leave out rows without a label, else an error
  bool by_place = false;                      ///< of a model without names: columns are those of `shape` in their order
};
/// One split "test". Columns are found by name in any order, or by place (which is in DatasetSummary::notes); features
/// stand in the order of the model's table and have its types, nothing is guessed. A category has codes of the file's
/// own: their names are in the table that is written. Labels, weights and ids are taken where the files have them.
/// Columns that are left out are in DatasetSummary::notes.
/// @throws Error(bad_data)  for a feature that is missing, a text in a column of numbers, a label that is none of the
///         classes: with file, line and column
DatasetSummary import_csv_for(const CsvForModel& wanted, const std::string& out);

/// NumPy arrays, version 1 to 3, of either order and byte order, booleans, whole numbers and floats of 2, 4 and 8
/// bytes: FILE.npy, or FILE.npz:NAME of an archive. x (N, D...) becomes uint8 where it is or is boolean, float64 where
/// it is or float32 does not hold every value, else float32; y (N) by the rules of CsvOptions, (N, K) of floats are
/// targets.
struct NpyOptions {
  std::string x = {};
  std::string y = {};       ///< empty: no y
  std::string test_x = {};  ///< the split test as arrays of its own
  std::string test_y = {};
  std::string like = {};                  ///< data set whose classes are taken, or that y are targets
  std::optional<ForModel> model = {};     ///< in place of `like`
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
/// float64 where that does not hold a value of more than 6 digits, as wide as the greatest index. The first column is
/// index 1, or 0 where that occurs. Labels are classes or targets by the rules of CsvOptions; classes are in numeric
/// order.
struct LibsvmOptions {
  std::string file = {};
  std::string test = {};               ///< file of the split test, which must count indices alike
  std::string like = {};               ///< data set whose classes and number of features are taken
  std::int64_t features = 0;           ///< columns of x; 0: by the greatest index. Greater indices are an error
  std::optional<ForModel> model = {};  ///< which has `features`: greater indices are left out and said
  std::optional<std::int64_t> first =
      {};              ///< index of its first one; unset: 0 where the file has such an index, else 1
  bool labels = true;  ///< false: no y
  bool regression = false;
  bool classes = false;
  SplitOptions split = {};

  std::vector<std::string> files() const { return {file, test, like}; }
};
DatasetSummary import_libsvm(const LibsvmOptions& options, const std::string& out);
/// The index of the first feature, by which the data set of a LIBSVM file calls it; nothing for names of other sets.
/// A set with a table or with a shape of several extents is of no such file, whatever its names.
std::optional<std::int64_t> first_libsvm_index(const std::vector<std::string>& columns);
inline DatasetSummary import_from(const LibsvmOptions& options, const std::string& out) {
  return import_libsvm(options, out);
}

/// A folder that holds a folder a class, called by its name, with images in it: JPEG (decoded by libjpeg-turbo with the
/// integer transform) and PNG of 8 bits a channel. Classes and files are sorted bytewise, classes that are all whole
/// numbers as numbers. x is uint8 (3, height, width), or (1, height, width) for gray. Images of another size are
/// stretched to it by a triangle filter in whole numbers. Files that are no images by the ends of their names are left
/// out and said. A folder of images alone makes no y.
struct ImagesOptions {
  std::string folder = {};
  std::string test = {};               ///< folder of the split test; may lack classes, but have no others
  std::string like = {};               ///< data set whose classes and size are taken
  std::optional<ForModel> model = {};  ///< in place of `like`
  std::int64_t width = 0;              ///< 0: as in like
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
  std::optional<ForModel> model = {};     ///< in place of `like`
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
using ImportOptions = std::variant<IdxOptions, NpyOptions, LibsvmOptions, ImagesOptions, Hdf5Options>;

}  // namespace shoal
