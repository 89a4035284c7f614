#include <filesystem>
#include <limits>

#include "../data_files.hpp"
#include "shoal/data/import.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;

class ImportNpy : public DataFiles {
 protected:
  /// An array as numpy.save writes it.
  template <class T>
  static std::string npy(const std::string& descr, const std::string& shape, const std::vector<T>& values,
                         int version = 1, const std::string& fortran = "False") {
    std::string header = "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
    const std::size_t size_bytes = version == 1 ? 2 : 4;
    while ((8 + size_bytes + header.size() + 1) % 64 != 0) header += ' ';
    header += '\n';
    std::string bytes = "\x93NUMPY";
    bytes += static_cast<char>(version);
    bytes += '\0';
    for (std::size_t i = 0; i < size_bytes; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
    return bytes + header + std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }
  Dataset import(const std::string& x, const std::string& y) {
    const std::string y_file = y.empty() ? "" : write("y.npy", y);
    import_npy({.x = write("x.npy", x), .y = y_file}, path("out.h5"));
    return Dataset::open(path("out.h5"));
  }
  void expect_refused(const std::string& x, const std::string& y, const std::vector<std::string>& words) {
    expect_error([&] { import(x, y); }, ExitStatus::bad_data, words);
  }
  const std::string x_ = npy<float>("<f4", "(2, 3)", {1, 2, 3, 4, 5, 6});
};

TEST_F(ImportNpy, KeepsTypesAndShapes) {
  const auto check = [&](auto type, const std::string& descr, int version) {
    using T = decltype(type);
    const Dataset data = import(npy<T>(descr, "(2, 1, 3)", {1, 2, 3, 4, 5, 6}, version), "");
    EXPECT_THAT(data.shape(), ElementsAre(1, 3));
    EXPECT_EQ(data.split("train").element_type(), element_type_of<T>());
    EXPECT_THAT(x_of(data.split("train")), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_FALSE(data.split("train").has_labels());
  };
  check(std::uint8_t{}, "|u1", 1);
  check(float{}, "<f4", 2);
  check(double{}, "<f8", 3);
  EXPECT_THAT(import(npy<float>("<f4", "(2,)", {1, 2}), "").shape(), ElementsAre(1));
}

TEST_F(ImportNpy, SaysWhichClassesHaveNoRow) {
  const auto said = [&](const std::vector<std::int32_t>& labels) {
    ::testing::internal::CaptureStderr();
    import(x_, npy<std::int32_t>("<i4", "(2,)", labels));
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(said({1, 2}), ::testing::HasSubstr("y: 1 of 3 classes has no row, the first is \"0\""));
  EXPECT_THAT(said({0, 1}), ::testing::Not(::testing::HasSubstr("no row")));
}

TEST_F(ImportNpy, ReadsLabelsOfAnyWholeNumberType) {
  const auto check = [&](auto type, const std::string& descr) {
    using T = decltype(type);
    const Dataset data = import(x_, npy<T>(descr, "(2,)", {3, 1}));
    EXPECT_EQ(data.classes(), 4);
    EXPECT_THAT(labels_of(data.split("train")), ElementsAre(3, 1));
  };
  check(std::uint8_t{}, "|u1");
  check(std::int8_t{}, "|i1");
  check(std::uint16_t{}, "<u2");
  check(std::int16_t{}, "<i2");
  check(std::uint32_t{}, "<u4");
  check(std::int32_t{}, "<i4");
  check(std::uint64_t{}, "<u8");
  check(std::int64_t{}, "<i8");
}

TEST_F(ImportNpy, ReadsTargets) {
  EXPECT_THAT(targets_of(import(x_, npy<double>("<f8", "(2,)", {0.5, 2})).split("train")), ElementsAre(0.5F, 2.0F));
  const Split two = import(x_, npy<float>("<f4", "(2, 2)", {1, 2, 3, 4})).split("train");
  EXPECT_EQ(two.outputs(), 2);
  EXPECT_THAT(targets_of(two), ElementsAre(1, 2, 3, 4));
  const std::string one_hot = write("hot.npy", npy<float>("<f4", "(2, 2)", {0, 1, 1, 0}));
  import_npy({.x = write("hx.npy", x_), .y = one_hot, .regression = true}, path("hot.h5"));
  EXPECT_THAT(targets_of(Dataset::open(path("hot.h5")).split("train")), ElementsAre(0, 1, 1, 0));
}

TEST_F(ImportNpy, JudgesTheLabelsOfTrainAndTestTogether) {
  const auto import_both = [&](const std::string& y, const std::string& test_y) {
    std::filesystem::remove(path("b.h5"));
    import_npy({.x = write("x.npy", x_),
                .y = write("y.npy", y),
                .test_x = write("tx.npy", x_),
                .test_y = write("ty.npy", test_y)},
               path("b.h5"));
    return Dataset::open(path("b.h5"));
  };
  const auto floats = [](const std::vector<double>& values) { return npy<double>("<f8", "(2,)", values); };
  const Dataset parts = import_both(floats({1, 2}), floats({0.5, 2}));
  EXPECT_THAT(targets_of(parts.split("train")), ElementsAre(1, 2)) << "no classes, as others are none";
  EXPECT_THAT(targets_of(parts.split("test")), ElementsAre(0.5F, 2));
  const Dataset classes = import_both(floats({0, 1}), floats({2, 1}));
  EXPECT_EQ(classes.classes(), 3);
  EXPECT_THAT(labels_of(classes.split("test")), ElementsAre(2, 1));
  import_both(floats({0.5, 1.5}), floats({1700000000.5, 2}));
  const H5Reader reader(path("b.h5"));
  for (const char* y : {"train/y", "test/y"}) EXPECT_EQ(reader.array(y).type, ElementType::float64) << y;
}

TEST_F(ImportNpy, KeepsWholeNumbersThatAreToBePredicted) {
  const std::string y = write("r.npy", npy<std::int64_t>("<i8", "(2,)", {-25, 1100000}));
  import_npy({.x = write("rx.npy", x_), .y = y, .regression = true}, path("r.h5"));
  EXPECT_THAT(targets_of(Dataset::open(path("r.h5")).split("train")), ElementsAre(-25.0F, 1100000.0F));
}

TEST_F(ImportNpy, TakesLabelsAsCsvDoes) {
  const auto labels = [&](const std::string& y) { return labels_of(import(x_, y).split("train")); };
  EXPECT_THAT(labels(npy<double>("<f8", "(2,)", {1.0, 0.0})), ElementsAre(1, 0));
  EXPECT_THAT(labels(npy<std::int64_t>("<i8", "(2,)", {1, -1})), ElementsAre(1, 0));
  EXPECT_THAT(labels(npy<std::uint8_t>("|b1", "(2,)", {0, 1})), ElementsAre(0, 1));
  EXPECT_THAT(targets_of(import(x_, npy<std::int64_t>("<i8", "(2,)", {-2, 7})).split("train")), ElementsAre(-2, 7));
  const std::string y = write("c.npy", npy<std::int64_t>("<i8", "(2,)", {-2, 7}));
  import_npy({.x = write("cx.npy", x_), .y = y, .classes = true}, path("c.h5"));
  EXPECT_THAT(Dataset::open(path("c.h5")).class_names(), ElementsAre("-2", "7"));
}

TEST_F(ImportNpy, ReadsColumnsAndOtherByteOrders) {
  const Dataset columns = import(npy<float>("<f4", "(2, 3)", {1, 4, 2, 5, 3, 6}, 1, "True"), "");
  EXPECT_THAT(x_of(columns.split("train")), ElementsAre(1, 2, 3, 4, 5, 6));
  // (2, 2, 3), the first index fastest
  const Dataset deep =
      import(npy<std::uint8_t>("|u1", "(2, 2, 3)", {0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11}, 1, "True"), "");
  EXPECT_THAT(x_of(deep.split("train")), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  EXPECT_THAT(deep.shape(), ElementsAre(2, 3));
  const Dataset swapped = import(npy<std::uint32_t>(">f4", "(1, 2)", {0x0000803fU, 0x000020c0U}), "");
  EXPECT_THAT(x_of(swapped.split("train")), ElementsAre(1, -2.5F));
  const Dataset halves = import(npy<std::uint16_t>("<f2", "(1, 2)", {0x3c00, 0xc100}), "");
  EXPECT_THAT(x_of(halves.split("train")), ElementsAre(1, -2.5F));
}

TEST_F(ImportNpy, ReadsGzipInEitherOrder) {
  const std::string rows = write_gzip("r.npy.gz", x_);
  import_npy({.x = rows}, path("r.h5"));
  EXPECT_THAT(x_of(Dataset::open(path("r.h5")).split("train")), ElementsAre(1, 2, 3, 4, 5, 6));
  const std::string columns = write_gzip("c.npy.gz", npy<float>("<f4", "(2, 3)", {1, 4, 2, 5, 3, 6}, 1, "True"));
  import_npy({.x = columns}, path("c.h5"));
  EXPECT_THAT(x_of(Dataset::open(path("c.h5")).split("train")), ElementsAre(1, 2, 3, 4, 5, 6));
  for (const std::string& other : {x_.substr(0, x_.size() - 1), x_ + "x"}) {
    const std::string bad = write_gzip("bad.npy.gz", other);
    expect_error([&] { import_npy({.x = bad}, path("bad.h5")); }, ExitStatus::bad_data, {"needs 24 bytes"});
  }
  const std::string huge = write_gzip("h.npy.gz", npy<float>("<f4", "(1, 60000000)", {1}));
  expect_error([&] { import_npy({.x = huge}, path("bad.h5")); }, ExitStatus::bad_data, {"holds 4"});
}

TEST_F(ImportNpy, RefusesDamagedFiles) {
  std::string many = "(1";
  for (int i = 0; i < 32; ++i) many += ", 1";
  expect_refused(npy<float>("<f4", many + ")", {1}), "", {"33 dimensions", "32"});
  expect_refused("", "", {"x.npy: the file is empty"});
  expect_refused("PK\x03\x04 an npz file", "", {"no NPY file but a zip file"});
  expect_refused(npy<float>("<f4", "(1, 1)", {1}, 4), "", {"NPY version 4"});
  expect_refused(x_.substr(0, 40), "", {"ends inside the NPY header"});
  expect_refused(x_.substr(0, x_.size() - 1), "", {"(2, 3) needs 24 bytes", "holds 23"});
  expect_refused(x_ + "x", "", {"needs 24 bytes", "more"});
  expect_refused(npy<float>("<f4", "()", {1}), "", {"has no rows"});
  expect_refused(npy<float>("<f4", "(0, 3)", {}), "", {"(0, 3)", "no rows"});
  expect_refused(npy<float>("<f4", "(two, 3)", {1}), "", {"NPY shape"});
  expect_refused(npy<float>("<f4", "(9223372036854775807, 9223372036854775807)", {1}), "", {"holds 4"});
}

TEST_F(ImportNpy, RefusesArraysThatDoNotFit) {
  expect_refused(npy<float>("<c8", "(1, 1)", {1, 0}), "", {"'<c8'"});
  expect_refused(npy<float>("|O", "(1, 1)", {1}), "", {"Python objects"});
  expect_refused(npy<std::int64_t>("<i8", "(1, 1)", {(std::int64_t{1} << 53) + 1}), "",
                 {"row 0, element 0 is a whole number that float64 does not hold"});
  expect_refused(npy<float>("<f4", "(2, 2)", {1, 2, 3, std::numeric_limits<float>::infinity()}), "",
                 {"row 1, element 1 is inf"});
  expect_refused(x_, npy<std::int64_t>("<i8", "(3,)", {0, 1, 2}), {"y.npy: 3 rows for the 2 of"});
  expect_refused(x_, npy<std::int64_t>("<i8", "(2, 2)", {0, 1, 0, 1}),
                 {"y has 2 numbers a row, a 1 among zeros", "numpy.argmax"});
  expect_refused(x_, npy<float>("<f4", "(2, 2)", {0, 1, 1, 0}), {"a 1 among zeros", "--regression"});
  expect_refused(x_, npy<std::int64_t>("<i8", "(2, 2)", {0, 1, 0, 2}),
                 {"y has 2 whole numbers a row", "(N, K) of floats"});
  expect_refused(x_, npy<double>("<f8", "(2,)", {0, std::numeric_limits<double>::quiet_NaN()}), {"row 1", "nan"});
  expect_refused(x_, npy<double>("<f8", "(2,)", {0, 1e300}), {"row 1", "1e+300"});
}

}  // namespace
}  // namespace shoal
