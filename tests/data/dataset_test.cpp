#include "shoal/data/dataset.hpp"

#include "data_files.hpp"
#include "shoal/io/names.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using Floats = std::vector<float>;
using Ints = std::vector<std::int32_t>;

class Datasets : public DataFiles {
 protected:
  template <class Fill>
  std::string make(const Fill& fill) {
    H5Writer writer(path("d.h5"));
    fill(writer);
    writer.finish();
    return path("d.h5");
  }
  template <class Fill>
  void expect_refused(const Fill& fill, const std::vector<std::string>& words) {
    const std::string file = make(fill);
    expect_error([&] { Dataset::open(file); }, ExitStatus::bad_data, words);
  }
};

TEST_F(Datasets, SayWhatTheyHold) {
  const Dataset data = Dataset::open(make([](H5Writer& w) {
    put(w, "train/x", {2, 2, 3}, Floats(12, 1.0F));
    put(w, "train/y", {2}, Ints{0, 1});
    put(w, "test/x", {1, 2, 3}, Floats(6, 1.0F));
    w.set_attribute("classes", std::int64_t{2});
    w.set_attribute("class_names", std::vector<std::string>{"cat", "dog"});
  }));
  EXPECT_THAT(data.names(), ElementsAre("test", "train"));
  EXPECT_TRUE(data.has("test"));
  EXPECT_FALSE(data.has("validation"));
  EXPECT_EQ(data.classes(), 2);
  EXPECT_THAT(data.class_names(), ElementsAre("cat", "dog"));
  EXPECT_THAT(data.shape(), ElementsAre(2, 3));
  EXPECT_EQ(data.split("train").features(), 6);
  EXPECT_EQ(data.split("train").row_bytes(), 24);
  EXPECT_FALSE(data.split("test").has_labels());
  expect_error([&] { data.split("validation"); }, ExitStatus::bad_data, {"no split \"validation\"", "test, train"});
}

TEST_F(Datasets, BelieveNoHashOfOtherNumbers) {
  const auto set = [&](float last, const std::string& content) {
    return Dataset::open(make([&](H5Writer& w) {
      put(w, "train/x", {2, 1}, Floats{1.0F, last});
      if (!content.empty()) w.set_attribute("content", content);
    }));
  };
  const std::string content = set(2.0F, "").content();
  EXPECT_NE(content, set(3.0F, "").content());
  EXPECT_EQ(set(2.0F, content).content(), content);
  EXPECT_EQ(set(3.0F, content).content(), set(3.0F, "").content()) << "of what is there";
}

TEST_F(Datasets, SayWhatTrainingDoesNotRead) {
  const auto note_on = [&](const std::vector<std::string>& more, const std::vector<std::string>& used = {}) {
    return Dataset::open(make([&](H5Writer& w) {
             for (const std::string& array : more) put(w, array, {1, 1}, Floats{1});
             put(w, "train/x", {1, 1}, Floats{1});
             put(w, "train/weight", {1}, Floats{1});
           }))
        .note_on_unread(used);
  };
  EXPECT_EQ(note_on({}), "");
  EXPECT_EQ(note_on({"extra/z", "test/x"}), "");
  EXPECT_THAT(note_on({"train/weights"}), ::testing::HasSubstr("d.h5: train/weights is not read"));
  EXPECT_THAT(note_on({"train/sample_weight", "val/x"}), ::testing::HasSubstr("train/sample_weight, val are not read"));
  EXPECT_EQ(note_on({"validation/x", "val/x"}), "") << "for shoal evaluate";
  EXPECT_EQ(note_on({"val/x", "more/x"}, {"train", "more", "val"}), "") << "the config names them";
}

TEST_F(Datasets, CountClassesOverTrainWhereTheFileDoesNotSay) {
  const Dataset data = Dataset::open(make([](H5Writer& w) {
    put(w, "train/x", {3, 1}, Floats{1, 2, 3});
    put(w, "train/y", {3}, std::vector<std::uint16_t>{0, 4, 1});
    put(w, "test/x", {1, 1}, Floats{1});
    put(w, "test/y", {1}, std::vector<std::uint16_t>{9});
  }));
  EXPECT_EQ(data.classes(), 5);
  EXPECT_THAT(data.class_names(), ElementsAre("0", "1", "2", "3", "4"));
  expect_error([&] { labels_of(data.split("test")); }, ExitStatus::bad_data, {"test/y row 0 is 9"});
}

TEST_F(Datasets, HaveNoClassesWithTargetsOrWithoutY) {
  EXPECT_EQ(Dataset::open(make([](H5Writer& w) {
              put(w, "train/x", {1, 1}, Floats{1});
              put(w, "train/y", {1}, Floats{7});
            })).classes(),
            0);
  EXPECT_EQ(Dataset::open(make([](H5Writer& w) { put(w, "train/x", {1, 1}, Floats{1}); })).classes(), 0);
}

TEST_F(Datasets, ComputeTheirContentWhereTheFileDoesNotSay) {
  const auto content = [&](const Floats& x, const Ints& y, const std::string& split = "train") {
    return Dataset::open(make([&](H5Writer& w) {
             put(w, split + "/x", {2, 2}, x);
             put(w, split + "/y", {2}, y);
           }))
        .content();
  };
  const std::string one = content({1, 2, 3, 4}, {0, 1});
  EXPECT_EQ(one.size(), 32u);
  EXPECT_EQ(one, content({1, 2, 3, 4}, {0, 1}));
  EXPECT_NE(one, content({1, 2, 3, 5}, {0, 1}));
  EXPECT_NE(one, content({1, 2, 3, 4}, {1, 1}));
  EXPECT_NE(one, content({1, 2, 3, 4}, {0, 1}, "test"));
}

TEST_F(Datasets, RefuseFilesThatAreNone) {
  expect_error([&] { Dataset::open(path("nowhere.h5")); }, ExitStatus::no_input, {"nowhere.h5"});
  const std::string text = write("text.h5", "no HDF5");
  expect_error([&] { Dataset::open(text); }, ExitStatus::bad_data, {"text.h5"});
  expect_refused([](H5Writer& w) { put(w, "train/z", {1, 1}, Floats{1}); }, {"d.h5: no data set", "shoal import"});
}

TEST_F(Datasets, RefuseArraysThatDoNotFit) {
  expect_refused([](H5Writer& w) { put(w, "train/x", {1, 1}, Ints{1}); }, {"train/x", "int32", "float32"});
  expect_refused([](H5Writer& w) { put(w, "train/x", {0, 1}, Floats{}); }, {"train/x", "(0, 1)"});
  constexpr std::int64_t wide = (std::int64_t{1} << 26) + 1;
  expect_refused(
      [](H5Writer& w) {
        w.create_array("train/x", ElementType::uint8, {1, wide});
        w.write_rows("train/x", 0, std::vector<std::byte>(wide));
      },
      {"train/x", "67108865 features a row"});
  expect_refused(
      [](H5Writer& w) {
        put(w, "train/x", {2, 1}, Floats{1, 2});
        put(w, "train/y", {3}, Ints{0, 0, 0});
      },
      {"train/x has 2 rows and train/y 3"});
  expect_refused(
      [](H5Writer& w) {
        put(w, "train/x", {1, 1}, Floats{1});
        put(w, "train/y", {1, 2}, Ints{0, 0});
      },
      {"train/y", "(1, 2)", "floats"});
  expect_refused(
      [](H5Writer& w) {
        put(w, "train/x", {1, 1}, Floats{1});
        put(w, "train/y", {1, 1, 1}, Floats{0});
      },
      {"train/y", "(1, 1, 1)"});
  expect_refused(
      [](H5Writer& w) {
        put(w, "train/x", {1, 2}, Floats{1, 2});
        put(w, "test/x", {1, 3}, Floats{1, 2, 3});
      },
      {"test/x", "(3)", "train/x", "(2)"});
  expect_refused(
      [](H5Writer& w) {
        put(w, "train/x", {1, 1}, Floats{1});
        put(w, "train/y", {1}, Ints{0});
        put(w, "test/x", {1, 1}, Floats{1});
        put(w, "test/y", {1}, Floats{0});
      },
      {"train/y", "int32", "test/y", "float32"});
}

/// With a float a class a row may have several: they are targets, which class_names name, with `classes` or without.
TEST_F(Datasets, ClassesOfFloatsAreTargets) {
  const std::vector<std::string> names{"warm", "wet", "late"};
  const auto with = [&](bool classes, bool named) {
    return Dataset::open(make([&](H5Writer& w) {
      put(w, "train/x", {2, 2}, Floats(4, 1.0F));
      put(w, "train/y", {2, 3}, Floats(6));
      if (classes) w.set_attribute("classes", std::int64_t{3});
      if (named) w.set_attribute("class_names", names);
    }));
  };
  for (const bool classes : {false, true}) {
    for (const bool named : {false, true}) {
      const Dataset data = with(classes, named);
      EXPECT_EQ(data.classes(), 0);
      EXPECT_THAT(data.class_names(), ElementsAre());
      EXPECT_EQ(data.target_names(), named ? names : std::vector<std::string>{});
    }
  }
}

TEST_F(Datasets, RefuseWhatContradictsItself) {
  const auto with = [](const std::string& attribute, const Attribute& value, const Floats& y = {}) {
    return [=](H5Writer& w) {
      put(w, "train/x", {2, 2}, Floats(4, 1.0F));
      if (y.empty()) put(w, "train/y", {2}, Ints{0, 1});
      if (!y.empty()) put(w, "train/y", {2, static_cast<std::int64_t>(y.size()) / 2}, y);
      w.set_attribute(attribute, value);
    };
  };
  using Names = std::vector<std::string>;
  expect_refused(with("shape", std::vector<std::int64_t>{4}), {"shape is (4)", "shape (2)"});
  expect_refused(with("columns", Names{"a"}), {"columns holds 1 names for 2 features"});
  expect_refused(with("class_names", Names{"a", "a"}), {"classes 0 and 1 are both called \"a\""});
  for (const std::int64_t classes : {1, 2, 4, 5})
    expect_refused(with("classes", classes, Floats(6)), {"classes is " + std::to_string(classes), "3 floats"});
  expect_refused(with("class_names", Names{"a", "b"}, Floats(6)), {"class_names are 2", "3 floats"});
  expect_refused(with("class_names", Names{"a", "b", "a"}, Floats(6)), {"classes 0 and 2 are both called \"a\""});
  EXPECT_EQ(Dataset::open(make(with("classes", std::int64_t{2}, Floats(2)))).classes(), 2);  // one tells two apart
  EXPECT_EQ(Dataset::open(make(with("class_names", Names{"a", "b"}, Floats(2)))).classes(), 2);
  expect_refused(
      [](H5Writer& w) {
        put(w, "train/x", {1, 1}, Floats{1});
        put(w, "test/x", {1, 1}, std::vector<std::uint8_t>{1});
      },
      {"test/x is uint8 and train/x float32", "store both as float32"});
}

TEST_F(Datasets, KeepNamesThatNoAttributeHolds) {
  std::vector<std::string> names;
  for (int k = 0; k < 1000; ++k) names.push_back(std::string(100, 'x') + std::to_string(k));
  const Dataset data = Dataset::open(make([&](H5Writer& w) {
    put(w, "train/x", {1, 1}, Floats{1});
    put(w, "train/y", {1}, Ints{0});
    w.set_attribute("classes", std::int64_t{1000});
    write_names(w, "class_names", names);
  }));
  EXPECT_EQ(data.class_names(), names);
  EXPECT_TRUE(data.names_classes());
}

TEST_F(Datasets, RefuseAttributesThatDoNotFit) {
  const auto with_classes = [](std::int64_t classes) {
    return [classes](H5Writer& w) {
      put(w, "train/x", {1, 1}, Floats{1});
      put(w, "train/y", {1}, Ints{0});
      w.set_attribute("classes", classes);
      w.set_attribute("class_names", std::vector<std::string>{"a", "b"});
    };
  };
  expect_refused(with_classes(-1), {"classes is -1"});
  expect_refused(with_classes(3), {"2 names for 3 classes"});
  expect_refused(
      [](H5Writer& w) {
        put(w, "train/x", {2, 1}, Floats{1, 1});
        put(w, "train/y", {2}, Ints{0, -3});
      },
      {"train/y row 1 is -3"});
}

}  // namespace
}  // namespace shoal
