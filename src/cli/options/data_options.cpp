// Of the commands that make data sets.
#include "cli/options/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "cli/option_values.hpp"

namespace shoal {
namespace {

constexpr const char* about_regression = "Labels are numbers to predict, no classes, even where all are whole";
constexpr const char* about_classes = "Labels are names of classes, even where some or all are numbers";

}  // namespace

/// The options that all importers end with.
void CommandLine::end_importer(CLI::App* app, SplitOptions& split) {
  number(app, "--test-last", split.test_last, "N", "The last N rows are the split test");
  number(app, "--test-fraction", split.test_fraction, "F",
         "This share of all rows, drawn by seed, from each class alike, is the split test");
  number(app, "--validation-fraction", split.validation_fraction, "F",
         "This share of all rows, drawn by seed, from each class alike, is the split validation");
  number(app, "--seed", split.seed, "S", "Seed of what is drawn; by default 1");
  app->add_flag_callback(
      "--no-stratify", [&split] { split.stratify = false; }, "Draw rows without a look at their classes");
  text(app, "-o,--out", out_, "FILE", "Data set to write")->required();
}

void CommandLine::add_importers() {
  CLI::App* import = command(app_, "import", "Make a data set from files of another format",
                             "shoal import csv data/digits.csv.gz --label label --test-fraction 0.2 -o digits.h5");
  import->require_subcommand(1);

  CLI::App* app =
      command(*import, "idx", "The format of MNIST, gzip or plain",
              "shoal import idx --images train-images-idx3-ubyte.gz --labels train-labels-idx1-ubyte.gz "
              "--test-images t10k-images-idx3-ubyte.gz --test-labels t10k-labels-idx1-ubyte.gz -o mnist.h5");
  text(app, "--images", idx_.images, "FILE", "Images")->required();
  text(app, "--labels", idx_.labels, "FILE", "Their labels");
  text(app, "--test-images", idx_.test_images, "FILE", "Images of the split test");
  text(app, "--test-labels", idx_.test_labels, "FILE", "Their labels");
  text(app, "--like", idx_.like, "FILE", "Data set whose classes are taken");
  app->add_flag("--regression", idx_.regression, about_regression);
  end_importer(app, idx_.split);

  add_csv(*import);

  app = command(*import, "npy", "NumPy arrays, of .npy files and .npz archives",
                "shoal import npy --x mine.npz:features --y mine.npz:labels -o mine.h5");
  text(app, "--x", npy_.x, "FILE", "Features; FILE.npz:NAME is an array of an archive")->required();
  text(app, "--y", npy_.y, "FILE", "Labels or targets");
  text(app, "--test-x", npy_.test_x, "FILE", "Features of the split test");
  text(app, "--test-y", npy_.test_y, "FILE", "Their labels or targets");
  text(app, "--like", npy_.like, "FILE", "Data set whose classes are taken");
  list(app, "--missing", npy_.missing, "VALUE,...", "Numbers or nan that stand for a missing feature");
  app->add_flag("--regression", npy_.regression, about_regression);
  app->add_flag("--classes", npy_.classes, about_classes);
  end_importer(app, npy_.split);

  app = command(*import, "libsvm", "The format of LIBSVM and SVMlight, gzip or plain",
                "shoal import libsvm a9a --test a9a.t -o a9a.h5");
  text(app, "FILE", libsvm_.file, "", "LIBSVM file")->required();
  text(app, "--test", libsvm_.test, "FILE", "Such a file for the split test; it may lack features and classes");
  text(app, "--like", libsvm_.like, "FILE", "Data set whose classes and number of features are taken");
  number(app, "--features", libsvm_.features, "N", "Features of a row; by default as many as the greatest index says");
  app->add_flag("--regression", libsvm_.regression, about_regression);
  app->add_flag("--classes", libsvm_.classes, about_classes);
  end_importer(app, libsvm_.split);

  app = command(*import, "hdf5", "Arrays of HDF5 and netCDF-4 files, of any layout",
                "shoal import hdf5 2001.nc 2002.nc --x t2m,wind --y yield --regression -o crops.h5");
  app->add_option("FILE", hdf5_.sources, "Files, joined along the rows")->required()->type_name("");
  list(app, "--x", hdf5_.x, "PATH,...", "Arrays of features, (N, ...), side by side")->required();
  text(app, "--y", hdf5_.y, "PATH", "Array of labels or targets");
  list(app, "--test", hdf5_.test, "FILE,...", "Files of the split test");
  text(app, "--like", hdf5_.like, "FILE", "Data set whose classes are taken");
  list(app, "--missing", hdf5_.missing, "VALUE,...",
       "Numbers or nan that stand for a missing feature, beside those the file names");
  app->add_flag("--regression", hdf5_.regression, about_regression);
  app->add_flag("--classes", hdf5_.classes, about_classes);
  end_importer(app, hdf5_.split);

  app = command(*import, "images", "A folder with a folder of JPEG and PNG files for each class",
                "shoal import images cifar/train --test cifar/test --size 32x32 -o cifar.h5");
  text(app, "DIR", images_.folder, "", "Folder with a folder for each class, or with images alone: then no labels")
      ->required();
  text(app, "--test", images_.test, "DIR", "Such a folder for the split test; it may lack classes");
  app->add_option_function<std::string>(
         "--size", [this](const std::string& given) { parse_size("--size", given, images_.width, images_.height); },
         "Of all images in the set; others are stretched to it (EXIF turns nothing)")
      ->type_name("WxH");
  app->add_flag("--gray", images_.gray, "One channel; colours are weighted as in ITU-R 601-2");
  text(app, "--like", images_.like, "FILE", "Data set whose classes and size are taken");
  app->add_flag("--skip-bad", images_.skip_bad, "Leave out files that cannot be read; all are read twice");
  end_importer(app, images_.split);
}

void CommandLine::add_csv(CLI::App& import) {
  CLI::App* app =
      command(import, "csv", "Comma-separated values and the like; plain, gzip or zstd",
              "shoal import csv data/digits.csv.gz --label label --test-fraction 0.2 -o digits.h5\n"
              "  zcat loans.gz | shoal import csv - --label rate --ignore title --columns-out loans.toml -o loans.h5");
  app->add_option("FILE", csv_.files_read, "CSV files with equal headers, one after the other; - is standard input")
      ->required()
      ->type_name("");
  app->add_option("--test", csv_.options.test,
                  "File with the same columns, by name: the split test; may be given many times")
      ->type_name("FILE")
      ->allow_extra_args(false);
  CsvOptions& csv = csv_.options;
  text(app, "--label", csv.label, "COLUMNS",
       "Columns to predict: names or numbers from 0, commas between them; of several, numbers");
  text(app, "--weight", csv.weight, "COLUMN", "Weight of each row, 0 or more");
  text(app, "--id", csv.id, "COLUMNS", "Columns that are kept beside the rows, and not learnt from");
  text(app, "--group", csv.group, "COLUMN", "Rows with the same text here go to the same split");
  text(app, "--split", csv.split_column, "COLUMN", "Says of each row whether it is train, validation or test");
  text(app, "--ignore", csv.ignore, "COLUMNS", "Columns that are left out");
  text(app, "--category", csv.category, "COLUMNS", "Columns whose cells are names, even where they are numbers");
  text(app, "--missing", csv.missing, "A,B",
       "What a missing number is called, in place of: " + fmt::format("{}", fmt::join(usual_missing(), " ")) +
           "; an empty cell is missing in any column");
  app->add_option_function<std::string>(
         "--header", [&csv](const std::string& given) { csv.header = parse_yes_no("--header", given); },
         "Whether line 1 names the columns; by default found out")
      ->type_name("yes|no");
  app->add_option_function<std::string>(
         "--delimiter", [&csv](const std::string& given) { csv.delimiter = parse_delimiter("--delimiter", given); },
         "What is between cells; by default found out")
      ->type_name(",|;|tab|pipe|space");
  app->add_option_function<std::string>(
         "--decimal", [&csv](const std::string& given) { csv.decimal = parse_decimal("--decimal", given); },
         "Decimal mark of numbers; by default found out")
      ->type_name(".|,");
  app->add_option_function<std::string>(
         "--date-order", [&csv](const std::string& given) { csv.date_order = parse_date_order("--date-order", given); },
         "How dates such as 01/02/2018 are written; by default found out")
      ->type_name("dmy|mdy");
  text(app, "--like", csv.like, "FILE", "Data set whose classes and columns are taken");
  text(app, "--columns", csv_.columns, "FILE.toml", "Roles and types of columns, as --columns-out writes them");
  text(app, "--columns-out", csv_.columns_out, "FILE.toml", "Write what was understood of each column");
  app->add_option_function<std::string>(
         "--shape", [&csv](const std::string& given) { csv.shape = parse_shape("--shape", given); },
         "Shape of a row, such as 8,8; whole numbers to 255 of two dimensions or more are images")
      ->type_name("H,W");
  app->add_flag("--regression", csv.regression, about_regression);
  app->add_flag("--classes", csv.classes, about_classes);
  app->add_flag("--drop-unlabelled", csv.drop_unlabelled, "Leave out rows that have no label");
  end_importer(app, csv.split);
}

void CommandLine::add_synth() {
  CLI::App* synth = command(app_, "synth", "Make a data set by formula, of any size",
                            "shoal synth spirals --samples 10000 --features 2 --classes 3 --seed 1 -o spirals.h5");
  synth->require_subcommand(1);
  for (const char* kind : {"gaussians", "spirals"}) {
    const bool spirals = std::string_view(kind) == "spirals";
    CLI::App* app = command(
        *synth, kind, spirals ? "Interleaved spirals, one arm a class" : "A normal cloud a class",
        fmt::format("shoal synth {0} --samples 10000 --features 2 --classes 3 --test-fraction 0.2 -o {0}.h5", kind));
    SynthOptions& options = synth_.options;
    number(app, "--samples", options.samples, "N", "Rows of all splits together")->required();
    number(app, "--features", options.features, "D", "Features of a row")->required();
    number(app, "--classes", options.classes, "K", "Classes")->required();
    number(app, "--seed", options.seed, "S", "Seed; by default 1");
    number(app, "--test-fraction", options.test_fraction, "F", "The chance of a row to go to the split test");
    number(app, "--validation-fraction", options.validation_fraction, "F",
           "The chance of a row to go to the split validation");
    text(app, "-o,--out", synth_.out, "FILE", "Data set to write")->required();
  }
}

}  // namespace shoal
