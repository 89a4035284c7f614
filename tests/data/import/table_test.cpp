#include "data/import/table.hpp"

#include "numbered_table.hpp"

namespace shoal {
namespace {

TEST_F(Tables, WriteTheDigestThatTheBytesHave) {
  const Dataset data = split(numbered(10), {.test_last = 3});
  EXPECT_EQ(data.content(), summary_.content);
  H5Writer writer(path("bare.h5"));  // the same arrays, no attributes
  for (const std::string& name : data.names()) {
    const Split part = data.split(name);
    put(writer, name + "/x", {part.rows(), 1}, x_of(part));
    put(writer, name + "/y", {part.rows()}, labels_of(part));
  }
  writer.finish();
  EXPECT_EQ(Dataset::open(path("bare.h5")).content(), summary_.content);
}

TEST_F(Tables, AreWrittenToTheSameBytes) {
  split(numbered(1000), {.test_fraction = 0.2});
  const std::string first = bytes_of(path("out.h5"));
  split(numbered(1000), {.test_fraction = 0.2});
  EXPECT_EQ(first, bytes_of(path("out.h5")));
  EXPECT_FALSE(first.empty());
}

TEST_F(Tables, SayWhichClassesAreNotLearnt) {
  ::testing::internal::CaptureStderr();
  split(numbered(10), {.test_last = 3});
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("warning: 3 of 10 classes, such as \"7\", have no row in the split train"));
  ::testing::internal::CaptureStderr();
  split(numbered(10), {});  // classes of the model that a file lacks are nobody's fault
  const Table five = numbered(5);
  split(numbered(10), {}, &five);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(Tables, SayWhenTheFileCannotBeWritten) {
  const Table table = numbered(2);
  expect_error([&] { write_splits(plan_splits(table, nullptr, {}), {}, path("no/such/out.h5")); },
               ExitStatus::input_output, {"no/such"});
}

}  // namespace
}  // namespace shoal
