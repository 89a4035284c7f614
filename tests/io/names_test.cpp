#include "shoal/io/names.hpp"

#include <gmock/gmock.h>

#include "io/support.hpp"

namespace shoal {
namespace {

using Names = std::vector<std::string>;

/// Texts that an attribute holds, and those that it does not.
std::vector<Names> lists() {
  return {{"a", "", "c d"}, {std::string(70000, 'x'), "", "\xFF"}, Names(1000, std::string(100, 'y'))};
}

class NameLists : public ::testing::Test {
 protected:
  H5Reader file_of(const std::function<void(H5Writer&)>& fill) {
    H5Writer writer(folder_ / "n.h5");
    fill(writer);
    writer.finish();
    return H5Reader(folder_ / "n.h5");
  }
  tests::TemporaryFolder folder_;
};

TEST_F(NameLists, ReadBackFromDataSets) {
  for (const Names& names : lists())
    EXPECT_EQ(read_names(file_of([&](H5Writer& w) { write_names(w, "columns", names); }), "columns"), names);
  EXPECT_EQ(read_names(file_of([&](H5Writer& w) { write_names(w, "columns", {}); }), "columns"), std::nullopt);
  EXPECT_EQ(read_names(file_of([&](H5Writer& w) { w.set_attribute("columns", Names{"a"}); }), "columns"), Names{"a"});
}

TEST_F(NameLists, ReadBackFromCheckpoints) {
  Archive archive;
  for (const Names& names : lists()) {
    put_names(archive, "class_names", names);  // in place of the last
    EXPECT_EQ(read_names(decode(encode(archive, 1), "c.h5"), "class_names"), names);
  }
  put_names(archive, "class_names", {});
  EXPECT_EQ(read_names(decode(encode(archive, 1), "c.h5"), "class_names"), std::nullopt);
}

TEST_F(NameLists, LeaveArraysOfOthersAlone) {
  const H5Reader reader = file_of([](H5Writer& w) {
    w.create_array("columns", ElementType::float32, {1});
    w.write_rows("columns", 0, std::vector<std::byte>(4));
  });
  EXPECT_EQ(read_names(reader, "columns"), std::nullopt);
}

TEST_F(NameLists, RefuseWhatIsCutShortOrThereTwice) {
  const auto error = [](const H5Reader& reader) {
    try {
      read_names(reader, "columns");
    } catch (const Error& refused) {
      EXPECT_EQ(refused.status(), ExitStatus::bad_data);
      return std::string(refused.what());
    }
    return std::string();
  };
  const auto bytes = [](H5Writer& w, std::byte last) {
    w.create_array("columns", ElementType::uint8, {2});
    w.write_rows("columns", 0, std::vector<std::byte>{std::byte{'a'}, last});
  };
  EXPECT_THAT(error(file_of([&](H5Writer& w) { bytes(w, std::byte{'b'}); })),
              ::testing::HasSubstr("columns does not end with a byte 0"));
  EXPECT_THAT(error(file_of([&](H5Writer& w) {
                bytes(w, std::byte{0});
                w.set_attribute("columns", Names{"a"});
              })),
              ::testing::HasSubstr("columns is an attribute and an array"));
}

}  // namespace
}  // namespace shoal
