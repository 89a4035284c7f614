#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/normalization.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {

/// A test with a folder of its own, removed afterwards.
class DataFiles : public ::testing::Test {
 protected:
  DataFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "shoal-data-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~DataFiles() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }
  std::string write_gzip(const std::string& name, const std::string& content) const {
    gzFile file = gzopen(path(name).c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
    return path(name);
  }
  static std::string bytes_of(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  std::filesystem::path folder_;
};

/// Writes an array of a data set by hand.
template <class T>
void put(H5Writer& writer, const std::string& array, const std::vector<std::int64_t>& shape,
         const std::vector<T>& values) {
  writer.create_array(array, element_type_of<T>(), shape);
  if (!values.empty()) writer.write_rows(array, 0, std::as_bytes(std::span(values)));
}

inline std::vector<std::int64_t> all_rows(const Split& split) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(split.rows()));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}
inline std::vector<float> x_of(const Split& split, const Normalization& normalization = {}) {
  std::vector<float> x(static_cast<std::size_t>(split.rows() * split.features()));
  split.read(all_rows(split), normalization, x);
  return x;
}
inline std::vector<std::int32_t> labels_of(const Split& split) {
  std::vector<std::int32_t> labels(static_cast<std::size_t>(split.rows()));
  split.read_labels(all_rows(split), labels);
  return labels;
}
inline std::vector<float> targets_of(const Split& split) {
  std::vector<float> targets(static_cast<std::size_t>(split.rows() * split.outputs()));
  split.read_targets(all_rows(split), targets);
  return targets;
}

/// The statement must throw Error of that status, with a message of one line that holds all the words.
template <class F>
void expect_error(const F& statement, ExitStatus status, const std::vector<std::string>& words) {
  try {
    statement();
    ADD_FAILURE() << "no error; expected one with \"" << words.front() << '"';
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), status) << error.what();
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    for (const std::string& word : words) EXPECT_THAT(message, ::testing::HasSubstr(word));
  }
}

}  // namespace shoal
