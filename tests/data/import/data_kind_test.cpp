#include "shoal/data/data_kind.hpp"

#include "../data_files.hpp"

namespace shoal {
namespace {

using namespace std::string_literals;
using DataKindTest = DataFiles;

TEST_F(DataKindTest, IsToldByTheFirstBytes) {
  EXPECT_EQ(kind_of_data("-"), DataKind::csv);
  EXPECT_EQ(kind_of_data(path("")), DataKind::images);
  EXPECT_EQ(kind_of_data(path("a.npz:x")), DataKind::npy);
  EXPECT_EQ(kind_of_data(write("a", "\x89HDF\r\n\x1a\n...")), DataKind::data_set);
  EXPECT_EQ(kind_of_data(write("a", "\x93NUMPY\x01")), DataKind::npy);
  EXPECT_EQ(kind_of_data(write("a.npz", "PK\x03\x04")), DataKind::npy);
  EXPECT_EQ(kind_of_data(write("a", std::string("\0\0\x08\x03", 4))), DataKind::idx);
  EXPECT_EQ(kind_of_data(write_gzip("a", std::string("\0\0\x08\x03", 4))), DataKind::idx);
  for (const std::string& start : {"\x89PNG\r\n\x1a\n"s, "\xff\xd8\xff\xe0"s, "GIF89a"s, "RIFF....WEBPVP8 "s,
                                   "BM....\0\0\0\0"s, "II*\0"s, "MM\0*"s,
                                   "\0\0\0\x18"
                                   "ftypavif"s,
                                   "\0\0\0\x18"
                                   "ftypheic"s})
    EXPECT_EQ(kind_of_data(write("a", start)), DataKind::images) << start;
  for (const char* text : {"RIFF,size\n1,2\n", "BM,size\n1,2\n", "II*,b\n1,2\n"})
    EXPECT_EQ(kind_of_data(write("a", text)), DataKind::csv) << text;
  EXPECT_EQ(kind_of_data(write("page.PNG", "<!DOCTYPE html>")), DataKind::images) << "by its name";
  EXPECT_EQ(kind_of_data(write("a", "")), DataKind::csv);
  EXPECT_THROW(kind_of_data(path("nowhere")), Error);
}

TEST_F(DataKindTest, TellsLibsvmFromCsv) {
  for (const char* text :
       {"1 3:0.5 7:1\n0 1:2", "\xEF\xBB\xBF-1 3:0.5\r\n", "# note\n\n1\n+1 qid:3 2:1 # b\n", "1\t2:1\r0"})
    EXPECT_EQ(kind_of_data(write("a", text)), DataKind::libsvm) << text;
  EXPECT_EQ(kind_of_data(write_gzip("a", "1 3:0.5\n")), DataKind::libsvm);
  std::string row = "1";
  for (int i = 1; i < 3000; ++i) row += " " + std::to_string(i) + ":1";
  EXPECT_EQ(kind_of_data(write("a", row)), DataKind::libsvm) << "a row that is longer than what is looked at";
  const std::string marked = "\xEF\xBB\xBF" + std::string(4078, '\n') + "1 2:1\n1 234:1\n";
  for (std::size_t more = 0; more < 8; ++more)
    EXPECT_EQ(kind_of_data(write("a", marked.substr(0, 3) + std::string(more, '\n') + marked.substr(3))),
              DataKind::libsvm)
        << "cut after " << more << " bytes less of an index";
  for (const char* text :
       {"size,time\n1,12:30\n", "when at:12\n", "a\n1\n", "1 2 3\n", "1 12:30,5\n", "1 2:1\na 3:1\n"})
    EXPECT_EQ(kind_of_data(write("a", text)), DataKind::csv) << text;
}

}  // namespace
}  // namespace shoal
