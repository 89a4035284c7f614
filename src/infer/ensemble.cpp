#include "shoal/infer/ensemble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/core/elementary.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// What a member reports, as it is judged by.
double reported_value(const Predictions& made, std::size_t i) {
  return made.precise.empty() ? static_cast<double>(made.values[i]) : made.precise[i];
}

double entropy_of(std::span<const double> probabilities) {
  double sum = 0.0;
  for (const double p : probabilities) sum += p;
  double entropy = 0.0;
  for (const double p : probabilities) {
    if (p > 0.0) entropy -= p / sum * elementary::log(p / sum);
  }
  return entropy;
}

double quantile_of(std::span<const double> sorted, double level) {
  const double place = level * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// The spread of some members, a row at a time.
class Spread {
 public:
  Spread(const PredictionLayout& layout, std::span<const Predictions> members, const std::vector<double>& means)
      : columns_(static_cast<std::size_t>(layout.columns)), members_(members), means_(means) {}

  std::vector<double> deviations() const {
    std::vector<double> deviations;
    deviations.reserve(means_.size());
    for (std::size_t i = 0; i < means_.size(); ++i) {
      double squares = 0.0;
      for (const Predictions& member : members_) {
        const double off = reported_value(member, i) - means_[i];
        squares += off * off;
      }
      deviations.push_back(std::sqrt(squares / static_cast<double>(members_.size())));
    }
    return deviations;
  }
  std::vector<double> entropies() const {
    std::vector<double> entropies;
    for (std::size_t row = 0; row < means_.size(); row += columns_)
      entropies.push_back(entropy_of(std::span(means_).subspan(row, columns_)));
    return entropies;
  }
  std::vector<double> information(const std::vector<double>& entropies) const {
    std::vector<double> information;
    std::vector<double> own(columns_);
    for (std::size_t row = 0; row < entropies.size(); ++row) {
      double sum = 0.0;
      for (const Predictions& member : members_) {
        for (std::size_t k = 0; k < columns_; ++k) own[k] = reported_value(member, row * columns_ + k);
        sum += entropy_of(own);
      }
      information.push_back(std::max(0.0, entropies[row] - sum / static_cast<double>(members_.size())));
    }
    return information;
  }
  std::vector<double> quantiles() const {
    std::vector<double> quantiles;
    std::vector<double> own(members_.size());
    for (std::size_t i = 0; i < means_.size(); ++i) {
      for (std::size_t m = 0; m < own.size(); ++m) own[m] = reported_value(members_[m], i);
      std::sort(own.begin(), own.end());
      for (const double level : member_quantiles) quantiles.push_back(quantile_of(own, level));
    }
    return quantiles;
  }

 private:
  std::size_t columns_;
  std::span<const Predictions> members_;
  const std::vector<double>& means_;
};

[[noreturn]] void refuse_member(const std::string& what) {
  throw Error(ExitStatus::bad_data, what + "; an ensemble is of models that predict the same");
}

std::string kind_of(const PredictionLayout& layout) {
  return layout.labels ? "classes" : (layout.probabilities ? "shares of classes" : "outputs");
}

void require_same_names(const std::string& what, const std::string& plural, const std::vector<std::string>& names,
                        const std::string& first, const std::vector<std::string>& others, const std::string& other) {
  if (names.size() != others.size())
    refuse_member(
        fmt::format("{} has {}, and {} has {}", first, counted(std::ssize(names), what, plural), other, others.size()));
  const auto differ = std::mismatch(names.begin(), names.end(), others.begin());
  if (differ.first == names.end()) return;
  refuse_member(fmt::format("{} {} is \"{}\" in {} and \"{}\" in {}", what, differ.first - names.begin(), *differ.first,
                            first, *differ.second, other));
}

void require_same_features(const MemberView& first, const MemberView& other) {
  if (first.data.columns.empty() || other.data.columns.empty()) {
    if (first.data.shape != other.data.shape)
      refuse_member(fmt::format("{} takes rows of other features than {}", first.name, other.name));
    return;
  }
  const auto require_columns_of = [](const MemberView& a, const MemberView& b) {
    for (const std::string& name : a.data.columns) {
      if (std::find(b.data.columns.begin(), b.data.columns.end(), name) == b.data.columns.end())
        refuse_member(fmt::format("{} was trained with a column \"{}\", and {} without", a.name, name, b.name));
    }
  };
  require_columns_of(first, other);
  require_columns_of(other, first);
  if (!first.data.table || !other.data.table) return;
  for (const FeatureColumn& column : first.data.table->features) {
    const auto& others = other.data.table->features;
    const auto same = std::find_if(others.begin(), others.end(), [&](const auto& c) { return c.name == column.name; });
    if (same != others.end() && same->type != column.type && !(same->has_categories() && column.has_categories()))
      refuse_member(fmt::format("column \"{}\" is a {} in {} and a {} in {}", column.name,
                                column_type_name(column.type), first.name, column_type_name(same->type), other.name));
  }
  if (first.data.table->missing != other.data.table->missing)
    refuse_member(fmt::format("{} and {} were trained on tables where other texts stand for a missing number",
                              first.name, other.name));
}

std::vector<MemberView> views_of(const std::vector<std::string>& names, const std::vector<Predictor>& members) {
  std::vector<MemberView> views;
  for (std::size_t m = 0; m < members.size(); ++m)
    views.push_back({names[m], members[m].layout(), members[m].trained_on()});
  return views;
}

std::vector<Predictor> opened(const std::vector<std::string>& paths, WhichWeights which, int threads) {
  if (paths.empty()) throw Error(ExitStatus::usage, "an ensemble of no models; name checkpoints or runs");
  std::vector<Predictor> members;
  members.reserve(paths.size());
  for (const std::string& path : paths) members.emplace_back(path, which, threads);
  return members;
}

}  // namespace

std::vector<SpreadPart> spread_parts(const PredictionLayout& layout) {
  std::vector<SpreadPart> parts{{"deviation", {layout.columns}, {}}};
  for (const std::string& name : layout.names) parts[0].names.push_back("deviation_" + name);
  if (layout.labels) {
    parts.push_back({"entropy", {}, {"entropy"}});
    parts.push_back({"mutual_information", {}, {"mutual_information"}});
  }
  if (!layout.probabilities) {
    SpreadPart& quantiles = parts.emplace_back();
    quantiles.array = "quantiles";
    quantiles.shape = {layout.columns, std::ssize(member_quantiles)};
    for (const std::string& name : layout.names) {
      for (const double level : member_quantiles) quantiles.names.push_back(fmt::format("members_q{}_{}", level, name));
    }
  }
  return parts;
}

EnsemblePredictions mean_of(const PredictionLayout& layout, std::span<const Predictions> members, bool spread) {
  const std::size_t values = members.front().values.size();
  const auto columns = static_cast<std::size_t>(layout.columns);
  EnsemblePredictions made;
  made.exact.reserve(values);
  for (std::size_t i = 0; i < values; ++i) {
    double sum = 0.0;
    for (const Predictions& member : members) sum += reported_value(member, i);
    made.exact.push_back(sum / static_cast<double>(members.size()));
  }
  for (const double mean : made.exact) made.mean.values.push_back(static_cast<float>(mean));
  if (layout.precise) made.mean.precise = made.exact;
  for (auto row = made.exact.begin(); layout.labels && row != made.exact.end();) {
    const auto end = row + static_cast<std::ptrdiff_t>(columns);
    made.mean.labels.push_back(static_cast<std::int32_t>(std::max_element(row, end) - row));
    row = end;
  }
  if (!spread) return made;
  const Spread of(layout, members, made.exact);
  made.spread.push_back(of.deviations());
  if (layout.labels) {
    made.spread.push_back(of.entropies());
    made.spread.push_back(of.information(made.spread.back()));
  }
  if (!layout.probabilities) made.spread.push_back(of.quantiles());
  return made;
}

void require_same_answers(std::span<const MemberView> members) {
  const MemberView& first = members.front();
  for (const MemberView& other : members.subspan(1)) {
    if (kind_of(first.layout) != kind_of(other.layout))
      refuse_member(fmt::format("{} predicts {}, and {} {}", first.name, kind_of(first.layout), other.name,
                                kind_of(other.layout)));
    require_same_names("class", "classes", first.data.class_names, first.name, other.data.class_names, other.name);
    require_same_names("output", "outputs", first.layout.names, first.name, other.layout.names, other.name);
    require_same_features(first, other);
  }
}

PredictionLayout layout_of(std::span<const MemberView> members) {
  PredictionLayout layout = members.front().layout;
  for (const MemberView& member : members) layout.precise |= member.layout.precise;
  return layout;
}

Ensemble::Ensemble(const std::vector<std::string>& paths, WhichWeights which, int threads)
    : names_(paths), members_(opened(paths, which, threads)), layout_(layout_of(views_of(names_, members_))) {
  require_same_answers(views_of(names_, members_));
}

void Ensemble::require_same_numbers() const {
  const DataDescription& first = members_.front().trained_on();
  for (std::size_t m = 1; m < members_.size(); ++m) {
    const DataDescription& other = members_[m].trained_on();
    const bool coded = first.table && other.table;
    if (first.columns != other.columns || (coded && first.table->features != other.table->features))
      throw Error(ExitStatus::usage,
                  fmt::format("{} and {} have other orders of columns, or codes of categories; give columns by name",
                              names_.front(), names_[m]));
  }
}

template <class Predict>
EnsemblePredictions Ensemble::ask(bool spread, const Predict& predict) const {
  std::vector<Predictions> made;
  for (const Predictor& member : members_) made.push_back(predict(member));
  return mean_of(layout_, made, spread);
}

EnsemblePredictions Ensemble::predict(std::span<const float> x, bool spread) const {
  require_same_numbers();
  return ask(spread, [&](const Predictor& member) { return member.predict(x); });
}
EnsemblePredictions Ensemble::predict(std::span<const double> x, bool spread) const {
  require_same_numbers();
  return ask(spread, [&](const Predictor& member) { return member.predict(x); });
}
EnsemblePredictions Ensemble::predict(std::int64_t rows, const NamedColumns& columns, bool spread) const {
  return ask(spread, [&](const Predictor& member) { return member.predict(rows, columns); });
}

}  // namespace shoal
