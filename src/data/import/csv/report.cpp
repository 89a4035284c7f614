#include "report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "data/refuse.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"

namespace shoal {
namespace {

constexpr std::size_t told_names = 6;

/// The shortest text, never with an exponent where all digits tell more.
std::string number_text(double value) {
  return std::fabs(value) < 1e15 && value == std::trunc(value) ? fmt::format("{:.0f}", value)
                                                               : fmt::format("{}", value);
}

std::string distinct_text(const DistinctValues& distinct, const std::string& noun) {
  if (distinct.too_many()) return fmt::format("more than {} {}s", DistinctValues::most, noun);
  return counted(static_cast<std::int64_t>(distinct.count()), noun);
}

/// How many different numbers, and between which they lie; of what is kept as text how many texts.
std::string values_text(const CsvFacts& facts) {
  if (facts.numbers + facts.dates == 0) return facts.texts == 0 ? "" : distinct_text(facts.distinct, "text");
  if (!facts.distinct.too_many() && facts.distinct.count() == 1) return "1 value, " + number_text(facts.least);
  return fmt::format("{}, {} to {}", distinct_text(facts.distinct, "value"), number_text(facts.least),
                     number_text(facts.greatest));
}

std::string words_text(const CsvFacts& facts) {
  std::vector<std::string> texts;
  for (const CsvFacts::Word& word : facts.words) texts.push_back(word.text);
  std::sort(texts.begin(), texts.end());
  const std::size_t told = std::min(told_names, texts.size());
  for (std::string& text : texts) text = shown(text);
  return fmt::format("{} texts: {}{}", texts.size(),
                     fmt::join(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(told), ", "),
                     told < texts.size() ? ", ..." : "");
}

/// Classes with their counts.
std::string classes_counted(const CsvFacts& facts, const CsvLabels& labels) {
  std::vector<std::int64_t> counts(labels.class_names.size());
  for (std::size_t w = 0; w < labels.codes.size(); ++w)
    counts[static_cast<std::size_t>(labels.codes[w])] += facts.words[w].count;
  for (std::size_t v = 0; v < labels.values.size(); ++v)
    counts[static_cast<std::size_t>(labels.value_classes[v])] += facts.values.at(labels.values[v]).count;
  std::string text = fmt::format("{} {}:", counts.size(), counts.size() == 1 ? "class" : "classes");
  constexpr std::size_t most_told = 20;
  for (std::size_t k = 0; k < std::min(counts.size(), most_told); ++k)
    text += fmt::format("{} {} ({})", k == 0 ? "" : ",", shown(labels.class_names[k]), counts[k]);
  return counts.size() > most_told ? text + ", ..." : text;
}

/// A basic string of TOML, which JSON's are but for one character.
std::string quoted(const std::string& text) {
  std::string result;
  for (const char c : Json(text).text()) {
    if (c == '\x7F')
      result += "\\u007F";
    else
      result += c;
  }
  return result;
}

[[noreturn]] void refuse_report(const std::string& file, const std::string& what) {
  throw Error(ExitStatus::usage, fmt::format("{}: {}", file, what));
}

/// One of `words`, or nothing said.
std::string word_of(const Json& column, const char* key, const std::vector<std::string>& words, const std::string& file,
                    const std::string& name) {
  const Json* value = column.find(key);
  if (value == nullptr) return "";
  if (std::find(words.begin(), words.end(), value->string()) == words.end())
    refuse_report(file, fmt::format("column \"{}\": {} is \"{}\"; use one of {}", shown(name), key,
                                    shown(value->string()), fmt::join(words, ", ")));
  return value->string();
}

char mark_of(const Json& value, const std::string& key, const std::string& file) {
  if (value.string().size() != 1) refuse_report(file, fmt::format("{} is {}; it is one character", key, value.text()));
  return value.string()[0];
}

CsvColumnChoice choice_of(const Json& column, const std::string& file) {
  CsvColumnChoice choice;
  for (const auto& [key, value] : column.members()) {
    if (key != "name" && key != "role" && key != "type")
      refuse_report(file, fmt::format("a column has the key \"{}\"; it takes name, role and type", shown(key)));
  }
  choice.name = column.at("name").string();
  choice.role =
      word_of(column, "role", {"feature", "label", "weight", "id", "group", "split", "ignore"}, file, choice.name);
  choice.type = word_of(column, "type", {"number", "category", "flag", "date"}, file, choice.name);
  return choice;
}

}  // namespace

std::vector<DatasetSummary::FileColumn> file_columns(const ScanParts& parts) {
  std::vector<const CsvFeature*> of_slot(parts.scan->x_width, nullptr);
  for (const CsvFeature& feature : parts.verdict.features) of_slot[feature.slot] = &feature;
  std::vector<DatasetSummary::FileColumn> told;
  for (std::size_t c = 0; c < parts.columns.size(); ++c) {
    const CsvColumn& column = parts.columns[c];
    const CsvFacts& facts = parts.scan->facts[c];
    const CsvLabels& labels = parts.verdict.labels;
    if (column.role == CsvRole::hollow) continue;
    const bool word = parts.scan->columns[c].take == CsvTake::word;
    DatasetSummary::FileColumn line{
        column.name, std::string(role_name(column.role)), "", facts.missing, "", parts.verdict.reasons[c]};
    if (!parts.verdict.kept[c]) line.role = role_name(CsvRole::ignored);
    const CsvTaken& taken = parts.scan->columns[c];
    if (taken.feature && of_slot[taken.slot] != nullptr) line.type = column_type_name(of_slot[taken.slot]->column.type);
    if (column.role == CsvRole::label) line.type = labels.class_names.empty() ? "number" : "category";
    if (column.role == CsvRole::weight) line.type = "number";
    if (column.role == CsvRole::label && !labels.class_names.empty()) {
      line.content = classes_counted(facts, labels);
    } else {
      line.content = word ? words_text(facts) : values_text(facts);
    }
    told.push_back(std::move(line));
  }
  return told;
}

std::string columns_text(const std::vector<DatasetSummary::FileColumn>& columns, const CsvOpened& opened,
                         const std::vector<std::string>& missing, DateOrder date_order) {
  std::vector<std::string> spellings;
  spellings.reserve(missing.size());
  for (const std::string& spelling : missing) spellings.push_back(quoted(spelling));
  std::string text = fmt::format(
      "# What shoal import understood. Edit it, and give it back with --columns.\n"
      "# role: feature, label, weight, id, group, split or ignore\n"
      "# type: number, category, flag or date; of a label category for classes, number for targets\n\n"
      "header = {}\ndelimiter = {}\ndecimal = {}\nmissing = [{}]\n",
      opened.header, quoted(std::string(1, opened.format.delimiter)), quoted(std::string(1, opened.format.decimal)),
      fmt::join(spellings, ", "));
  if (date_order != DateOrder::none) text += fmt::format("date_order = \"{}\"\n", date_order_name(date_order));
  for (const DatasetSummary::FileColumn& column : columns) {
    text += fmt::format("\n[[column]]\nname = {}\nrole = \"{}\"\n", quoted(column.name), column.role);
    if (!column.type.empty()) text += fmt::format("type = \"{}\"\n", column.type);
    std::string remark = fmt::format("# missing: {}", column.missing);
    for (const std::string& part : {column.content, column.reason}) {
      if (!part.empty()) remark += "; " + part;
    }
    std::replace_if(
        remark.begin(), remark.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; }, '?');
    text += remark + "\n";
  }
  return text;
}

CsvChoices csv_choices(const Json& content, const std::string& file) {
  try {
    CsvChoices choices{.file = file};
    for (const auto& [key, value] : content.members()) {
      if (key == "header") {
        choices.header = value.boolean();
      } else if (key == "delimiter") {
        choices.delimiter = mark_of(value, key, file);
      } else if (key == "decimal") {
        choices.decimal = mark_of(value, key, file);
      } else if (key == "date_order") {
        choices.date_order = date_order_named(value.string());
        if (!choices.date_order)
          refuse_report(file, fmt::format("date_order is \"{}\", and must be dmy or mdy", shown(value.string())));
      } else if (key == "missing") {
        choices.missing.emplace();
        for (const Json& spelling : value.items()) choices.missing->push_back(spelling.string());
      } else if (key == "column") {
        for (const Json& column : value.items()) choices.columns.push_back(choice_of(column, file));
      } else {
        refuse_report(
            file, fmt::format("unknown key \"{}\"; there are header, delimiter, decimal, date_order, missing, column",
                              shown(key)));
      }
    }
    return choices;
  } catch (const JsonError& error) {
    refuse_report(file, fmt::format("not a file of columns: {}; write one with --columns-out", error.what()));
  }
}

}  // namespace shoal
