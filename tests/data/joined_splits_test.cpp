// Several splits of a file as one: what is read is that of a file whose rows lie one behind the other.
#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "data_files.hpp"
#include "shoal/data/augmentation.hpp"
#include "shoal/data/folds.hpp"
#include "shoal/data/image_layout.hpp"
#include "shoal/io/names.hpp"
#include "shoal/tensor/buffer.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using RowNumbers = std::vector<std::int64_t>;

constexpr std::int64_t side = 3;
constexpr std::int64_t pixels = side * side;

/// What row r of all rows holds.
template <class X>
struct Made {
  std::vector<X> x;
  RowNumbers y;
  std::vector<double> weight;
  RowNumbers group;
  std::vector<std::string> ids;

  Made(std::int64_t first, std::int64_t rows) {
    for (std::int64_t r = first; r < first + rows; ++r) {
      for (std::int64_t d = 0; d < pixels; ++d) x.push_back(static_cast<X>((r * 37 + d * 11) % 251));
      y.push_back((r * r + r / 3) % 4);
      weight.push_back(static_cast<double>(r % 5) * 0.25 + 0.25);
      group.push_back(r % 3);
      ids.push_back("row " + std::string(static_cast<std::size_t>(r % 4), 'x') + std::to_string(r));
    }
  }
};

/// Its y and weights are of other types in some splits than in others, its ids of other lengths.
template <class X, class Y = std::int16_t, class W = double>
void put_split(H5Writer& writer, const std::string& split, std::int64_t first, std::int64_t rows,
               std::int64_t id_bytes) {
  const Made<X> made(first, rows);
  put(writer, split + "/x", {rows, side, side}, made.x);
  put(writer, split + "/y", {rows}, std::vector<Y>(made.y.begin(), made.y.end()));
  put(writer, split + "/weight", {rows}, std::vector<W>(made.weight.begin(), made.weight.end()));
  put(writer, split + "/group", {rows}, made.group);
  std::vector<std::uint8_t> texts(static_cast<std::size_t>(rows * id_bytes));
  for (std::size_t r = 0; r < made.ids.size(); ++r)
    std::memcpy(texts.data() + r * static_cast<std::size_t>(id_bytes), made.ids[r].data(), made.ids[r].size());
  put(writer, split + "/ids/0", {rows, id_bytes}, texts);
}

std::shared_ptr<const std::byte> memory_of(const Split& split, std::int64_t piece) {
  const std::shared_ptr<std::byte[]> bytes(new std::byte[static_cast<std::size_t>(split.stored_bytes())]);
  for (std::int64_t first = 0; first < split.stored_bytes(); first += piece)
    split.read_stored(first,
                      {bytes.get() + first, static_cast<std::size_t>(std::min(piece, split.stored_bytes() - first))});
  return {bytes, bytes.get()};
}

template <class T, class Read>
std::vector<T> taken(std::size_t count, const Read& read) {
  std::vector<T> values(count);
  read(std::span<T>(values));
  return values;
}

std::vector<float> image_of(const Split& split, const RowNumbers& rows, bool augmented) {
  const ImageLayout layout({}, split.element_type(), 1, side, side);
  const Augmentation augmentation({.crop = 1, .flip = true, .cutout = 1}, side, side, 5, 2);
  const auto samples = static_cast<std::int64_t>(rows.size());
  Buffer<float> out(padded_size(samples * pixels, 1));
  split.read_images(rows, layout, augmented ? &augmentation : nullptr, {out.data(), samples * pixels, 1});
  const Panels<const float> panels{out.data(), samples * pixels, 1};
  std::vector<float> values;
  for (std::int64_t i = 0; i < samples * pixels; ++i) values.push_back(panels.at(i, 0));
  return values;
}

/// Everything that the given rows are read as.
void expect_equal_reads(const Split& a, const Split& b, const RowNumbers& rows) {
  ASSERT_EQ(a.rows(), b.rows());
  const auto of = [&](const Split& split) {
    const std::size_t n = rows.size();
    const Normalization n11{"standard", std::vector<double>(pixels, 1.5), std::vector<double>(pixels, 7.0)};
    Normalization uneven = n11;
    uneven.mean[1] = 3.0;
    std::vector<std::vector<double>> all;
    const auto add = [&](const auto& values) { all.emplace_back(values.begin(), values.end()); };
    for (const Normalization& normalization : {Normalization(), n11, uneven})
      add(taken<float>(n * pixels, [&](auto out) { split.read(rows, normalization, out); }));
    add(taken<double>(n * pixels, [&](auto out) { split.read_values(rows, out); }));
    add(taken<std::int32_t>(n, [&](auto out) { split.read_labels(rows, out); }));
    add(taken<double>(n, [&](auto out) { split.read_target_values(rows, out); }));
    add(taken<double>(n, [&](auto out) { split.read_weights(rows, out); }));
    add(taken<std::int64_t>(n, [&](auto out) { split.read_groups(rows, out); }));
    add(image_of(split, rows, false));
    add(image_of(split, rows, true));
    for (const std::int64_t row : rows) all.push_back({static_cast<double>(split.source_row(row))});
    return all;
  };
  EXPECT_EQ(of(a), of(b));
  const auto ids = [&](const Split& split) {
    return taken<std::string>(rows.size(), [&](auto out) { split.read_ids(0, rows, out); });
  };
  EXPECT_EQ(ids(a), ids(b));
  EXPECT_NO_THROW(a.check(rows, true, false));
}

class JoinedSplits : public DataFiles {
 protected:
  /// Rows 0 to 6 of train, 7 to 10 of extra, 11 to 15 of validation; and a file whose train has all of them.
  template <class X>
  std::pair<Split, Split> pair() {
    const auto finish = [&](H5Writer& writer) {
      writer.set_attribute("classes", std::int64_t{4});
      write_names(writer, "id_names", {"name"});
      writer.finish();
    };
    H5Writer parts(path("parts.h5"));
    put_split<X>(parts, "train", 0, 7, 8);
    put_split<X, std::uint8_t, float>(parts, "extra", 7, 4, 9);
    put_split<X, std::int64_t, double>(parts, "validation", 11, 5, 12);
    finish(parts);
    H5Writer whole(path("whole.h5"));
    put_split<X>(whole, "train", 0, 16, 12);
    finish(whole);
    return {Dataset::open(path("parts.h5")).joined({"train", "extra", "validation"}),
            Dataset::open(path("whole.h5")).split("train")};
  }
};

TEST_F(JoinedSplits, AreReadAsRowsOfOneSplit) {
  const std::vector<RowNumbers> some = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {15, 0, 11, 10, 7, 6, 6, 7, 3}, {6, 7}, {12}, {}};
  const auto check = [&](const Split& joined, const Split& whole) {
    EXPECT_EQ(joined.name(), "train + extra + validation");
    EXPECT_THAT(joined.names(), ElementsAre("train", "extra", "validation"));
    EXPECT_EQ(joined.rows(), 16);
    EXPECT_EQ(joined.row_bytes(), whole.row_bytes());
    EXPECT_EQ(joined.id_bytes(0), 12);
    EXPECT_EQ(joined.changed_in_file(), false);
    for (const RowNumbers& rows : some) expect_equal_reads(joined, whole, rows);
    // In memory, copied in pieces that end anywhere.
    for (const std::int64_t piece : {std::int64_t{1}, std::int64_t{61}, std::int64_t{100000}}) {
      const Split held = joined.held_in(memory_of(joined, piece));
      EXPECT_TRUE(held.is_of_split_of(joined));
      for (const RowNumbers& rows : some) expect_equal_reads(held, whole, rows);
    }
    const RowNumbers chosen = {14, 2, 9, 7, 6, 0};
    const Split part = joined.subset(chosen), same = whole.subset(chosen);
    EXPECT_TRUE(part.is_of_split_of(joined));
    expect_equal_reads(part, same, {5, 0, 1, 2, 3, 4});
    expect_equal_reads(part.subset({3, 1}), same.subset({3, 1}), {1, 0});
    EXPECT_EQ(hold_out_of(joined, 0.3, 3), hold_out_of(whole, 0.3, 3));
    EXPECT_EQ(plan_folds(joined, 3, 4, {}).fold_of, plan_folds(whole, 3, 4, {}).fold_of);
  };
  const auto bytes = pair<std::uint8_t>();
  check(bytes.first, bytes.second);
  const auto floats = pair<float>();
  check(floats.first, floats.second);
  const auto doubles = pair<double>();
  check(doubles.first, doubles.second);
}

TEST_F(JoinedSplits, OneIsTheSplitItself) {
  const Split joined = pair<float>().first;
  const Dataset data = Dataset::open(path("parts.h5"));
  const Split extra = data.joined({"extra"});
  EXPECT_EQ(extra.name(), "extra");
  EXPECT_TRUE(extra.is_of_split_of(data.split("extra")));
  EXPECT_FALSE(extra.is_of_split_of(data.split("train")));
  EXPECT_FALSE(extra.is_of_split_of(data.joined({"train", "extra"})));
  EXPECT_FALSE(data.joined({"extra", "train"}).is_of_split_of(data.joined({"train", "extra"})));
  EXPECT_FALSE(extra.is_of_split_of(joined)) << "of a file opened twice";
  EXPECT_EQ(extra.row_name(3), "row 3 of split \"extra\"");
}

TEST_F(JoinedSplits, MessagesNameTheSplitAndTheRowInIt) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  H5Writer writer(path("d.h5"));
  put<float>(writer, "train/x", {3, 2}, {1, 2, 3, 4, 5, 6});
  put<float>(writer, "train/y", {3}, {1, 0.5, 1});
  put<double>(writer, "train/weight", {3}, {1, 1, 1});
  put<float>(writer, "more/x", {2, 2}, {1, 2, 3, nan});
  put<float>(writer, "more/y", {2}, {7, nan});
  put<double>(writer, "more/weight", {2}, {1, -1});
  writer.finish();
  const Split joined = Dataset::open(path("d.h5")).joined({"train", "more"});
  EXPECT_EQ(joined.row_name(2), "row 2 of split \"train\"");
  EXPECT_EQ(joined.row_name(4), "row 1 of split \"more\"");
  EXPECT_EQ(joined.subset({4, 0}).row_name(0), "row 1 of split \"more\"");
  expect_error([&] { x_of(joined); }, ExitStatus::bad_data, {"d.h5: more/x row 1, feature 1 is nan"});
  expect_error([&] { targets_of(joined); }, ExitStatus::bad_data, {"d.h5: more/y row 1, output 0 is nan"});
  expect_error(
      [&] {
        joined.check(RowNumbers{2, 3}, false, true);
      },
      ExitStatus::bad_data, {"d.h5: more/y row 0, output 0 is 7"});
  expect_error(
      [&] {
        joined.subset({1, 4}).check(RowNumbers{1}, false, false);
      },
      ExitStatus::bad_data, {"d.h5: more/weight row 1 is -1"});
}

TEST_F(JoinedSplits, MustFitEachOther) {
  H5Writer writer(path("d.h5"));
  const std::vector<float> two = {1, 2};
  for (const std::string split : {"train", "plain", "double", "weighed", "mute", "grouped"}) {
    if (split == "double") {
      put<double>(writer, split + "/x", {2, 1}, {1, 2});
    } else {
      put<float>(writer, split + "/x", {2, 1}, two);
    }
    if (split != "mute") put<std::int32_t>(writer, split + "/y", {2}, {0, 1});
    if (split == "weighed") put<float>(writer, split + "/weight", {2}, two);
    if (split == "grouped") put<std::int64_t>(writer, split + "/group", {2}, {0, 1});
  }
  writer.finish();
  const Dataset data = Dataset::open(path("d.h5"));
  const auto refused = [&](const std::vector<std::string>& names, const std::vector<std::string>& words) {
    expect_error([&] { data.joined(names); }, ExitStatus::bad_data, words);
  };
  EXPECT_EQ(data.joined({"train", "plain"}).rows(), 4);
  refused({"train", "exam"}, {"d.h5: no split \"exam\"; there are double, grouped, mute, plain, train, weighed"});
  refused({"train", "plain", "train"}, {"d.h5: the split \"train\" is named twice"});
  refused({"train", "double"}, {"train/x is float32 and double/x float64; store both as one type"});
  refused({"train", "mute"}, {"train/y is there, and mute/y is not"});
  refused({"weighed", "train"}, {"weighed/weight is there, and train/weight is not"});
  // Groups matter where rows are set apart, and nowhere else.
  const Split some = data.joined({"grouped", "train"});
  EXPECT_TRUE(some.has_groups());
  EXPECT_NO_THROW(x_of(some));
  expect_error([&] { hold_out_of(some, 0.5, 1); }, ExitStatus::bad_data, {"d.h5: train has no group beside x"});
}

}  // namespace
}  // namespace shoal
