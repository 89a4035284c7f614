#include "shoal/config/toml_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

Json read(const std::string& text) {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "a.toml";
  std::ofstream(path) << text;
  return read_toml(path);
}

TEST(TomlFile, BecomesJson) {
  EXPECT_EQ(read("a = true\nb = [1, 2.5, 'x']\n[[column]]\nname = \"q\\\"\\u20AC\"\nwhen = 2018-01-28\n").text(),
            R"({"a":true,"b":[1,2.5,"x"],"column":[{"name":"q\"€","when":"2018-01-28"}]})");
}

TEST(TomlFile, NamesThePlaceOfAMistake) {
  try {
    read("a = 1\nb = [\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ExitStatus::usage);
    EXPECT_THAT(error.what(), ::testing::ContainsRegex("a.toml:[23]:[0-9]+: not valid TOML"));
  }
  EXPECT_THROW(read_toml("/nowhere/a.toml"), Error);
}

}  // namespace
}  // namespace shoal
