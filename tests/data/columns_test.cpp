#include "shoal/data/columns.hpp"

#include <gtest/gtest.h>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

TableDescription some_table() {
  TableDescription table;
  table.features = {{"carat", ColumnType::number, {}},
                    {"cut", ColumnType::category, {"", "Fair", "Gut \"x\", ü"}},
                    {"sold", ColumnType::flag, {"no", "yes"}},
                    {"when", ColumnType::date, {}}};
  table.labels = {"price"};
  table.weight = "w";
  table.ids = {"id", "other id"};
  table.missing = {"NA", "?"};
  table.date_order = DateOrder::month_first;
  return table;
}

TEST(Columns, ComeBackFromTheirText) { EXPECT_EQ(table_of_text(table_text(some_table()), "x.h5"), some_table()); }

TEST(Columns, ADamagedTextIsRefusedByName) {
  const std::string good = table_text(some_table());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const std::string& bad :
       {std::string("{"), std::string("[]"), with("\"category\"", "\"word\""), with("\"cut\"", "\"carat\""),
        with("\"Fair\"", "\"\""), with("\"Fair\"", "\"Z\""), with("\"number\"", "\"flag\"") + "}",
        with("\"features\"", "\"feature\""), with("\"mdy\"", "\"ymd\"")}) {
    try {
      static_cast<void>(table_of_text(bad, "x.h5"));
      FAIL() << bad;
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), ExitStatus::bad_data);
      EXPECT_NE(std::string(e.what()).find("x.h5"), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace shoal
