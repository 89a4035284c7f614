#include "tune/importance/variance_shares.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace shoal {
namespace {

constexpr std::uint64_t halvings = 64;
// Of pure noise, one time in fifty, trees seem to explain about 3/N: 0.13 to 0.23 of 16 rows, 0.06 to 0.16 of 32, 0.08
// of 64 (1 to 8 dimensions, 60 draws of each).
constexpr double chance = 3.0;
constexpr std::size_t most_leaves = 256;  // about; covariances take the square of them

/// Integrals over the space, by dimension, pair of dimensions (0 1, 0 2, ..., 1 2, ...) and all dimensions, of what two
/// trees have in common when the others are averaged away.
struct Covariances {
  std::vector<double> single;
  std::vector<double> pairs;
  double total = 0.0;
};

/// With leaves l and m of volumes |l|, |m| and values a and b: the mean of tree A over all dimensions but those in S is
/// sum_l a |l| [u_S in l] / |l_S|, and so the integral of a product of means is
/// sum_l sum_m a |l| b |m| prod_{d in S} |l_d and m_d| / (|l_d| |m_d|).
class Agreement {
 public:
  explicit Agreement(const std::vector<std::size_t>& choices) : choices_(choices) {
    sums_.single.resize(choices.size());
    sums_.pairs.resize(choices.size() * (choices.size() - 1) / 2);
  }
  void add(const RegressionTree& a, const RegressionTree& b);
  const Covariances& sums() const { return sums_; }

 private:
  struct Measured {
    const TreeLeaf* leaf;
    std::vector<double> lengths;
    double mass = 1.0;  // value times volume
  };
  std::vector<Measured> measured(const RegressionTree& tree) const;

  std::vector<std::size_t> choices_;
  Covariances sums_;
};

std::vector<Agreement::Measured> Agreement::measured(const RegressionTree& tree) const {
  std::vector<Measured> all;
  for (const TreeLeaf& leaf : tree.leaves()) {
    Measured& one = all.emplace_back(Measured{&leaf, {}, leaf.value});
    for (std::size_t d = 0; d < choices_.size(); ++d) {
      one.lengths.push_back(leaf.sides[d].length(choices_[d]));
      one.mass *= one.lengths.back();
    }
  }
  return all;
}

void Agreement::add(const RegressionTree& a, const RegressionTree& b) {
  const std::size_t n = choices_.size();
  std::vector<double> single(n);
  std::vector<double> pairs(sums_.pairs.size());
  double total = 0.0;
  double means = 0.0;
  std::vector<double> shared(n);  // of both leaves, over what were shared by chance
  const std::vector<Measured> others = measured(b);
  for (const Measured& l : measured(a)) {
    for (const Measured& m : others) {
      const double mass = l.mass * m.mass;
      double all = mass;
      means += mass;
      for (std::size_t d = 0; d < n; ++d) {
        shared[d] = overlap(l.leaf->sides[d], m.leaf->sides[d], choices_[d]) / (l.lengths[d] * m.lengths[d]);
        single[d] += mass * shared[d];
        all *= shared[d];
      }
      total += all;
      for (std::size_t i = 0, at = 0; i < n; ++i) {
        const double with = mass * shared[i];
        for (std::size_t j = i + 1; j < n; ++j) pairs[at++] += with * shared[j];
      }
    }
  }
  for (std::size_t i = 0, at = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j, ++at) sums_.pairs[at] += pairs[at] - single[i] - single[j] + means;
  }
  for (std::size_t d = 0; d < n; ++d) sums_.single[d] += single[d] - means;
  sums_.total += total - means;
}

/// A random order of the rows, the same for a number always.
std::vector<std::size_t> drawn_order(std::size_t rows, const RandomSource& source) {
  std::vector<std::pair<std::uint64_t, std::size_t>> drawn;
  for (std::size_t i = 0; i < rows; ++i) drawn.emplace_back(source.bits(i), i);
  std::sort(drawn.begin(), drawn.end());
  std::vector<std::size_t> order;
  order.reserve(rows);
  for (const auto& [bits, i] : drawn) order.push_back(i);
  return order;
}

/// What trees predict of rows that they were not given.
class Unseen {
 public:
  explicit Unseen(const TreeRows& data) : data_(data), sums_(data.response.size()), counts_(data.response.size()) {}
  void judge(const RegressionTree& tree, const std::vector<std::size_t>& rows) {
    for (const std::size_t row : rows) {
      sums_[row] += tree.value_at(data_, row);
      counts_[row] += 1.0;
    }
  }
  /// The share of the variance of the response (of mean 0) that the mean prediction explains, beyond what chance does.
  double explained() const {
    double left = 0.0;
    double all = 0.0;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const double off = data_.response[i] - sums_[i] / counts_[i];
      left += off * off;
      all += data_.response[i] * data_.response[i];
    }
    return std::max(0.0, 1.0 - left / all / (1.0 - chance / static_cast<double>(sums_.size())));
  }

 private:
  const TreeRows& data_;
  std::vector<double> sums_;
  std::vector<double> counts_;
};

bool all_equal(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; });
}

TreeRows centred(TreeRows data) {
  const double mean =
      std::accumulate(data.response.begin(), data.response.end(), 0.0) / static_cast<double>(data.response.size());
  for (double& response : data.response) response -= mean;
  return data;
}

VarianceShares shares_of(const Covariances& sums, double explained) {
  double whole = 0.0;
  for (const auto* parts : {&sums.single, &sums.pairs}) {
    for (const double part : *parts) whole += std::max(0.0, part);
  }
  whole = std::max(whole, sums.total);  // the rest are combinations of three and more
  const auto share = [&](double part) { return whole > 0.0 ? explained * std::max(0.0, part) / whole : 0.0; };
  VarianceShares shares;
  shares.explained = explained;
  const std::size_t n = sums.single.size();
  for (std::size_t i = 0, at = 0; i < n; ++i) {
    shares.single.push_back(share(sums.single[i]));
    for (std::size_t j = i + 1; j < n; ++j) shares.pairs.push_back({i, j, share(sums.pairs[at++])});
  }
  std::stable_sort(shares.pairs.begin(), shares.pairs.end(),
                   [](const PairShare& a, const PairShare& b) { return a.share > b.share; });
  return shares;
}

}  // namespace

std::optional<VarianceShares> variance_shares(const TreeRows& given) {
  if (given.response.size() < least_rows || all_equal(given.response) ||
      std::all_of(given.places.begin(), given.places.end(), all_equal))
    return std::nullopt;
  const TreeRows data = centred(given);
  const std::size_t rows = data.response.size();
  const std::size_t least = (rows / 2 + most_leaves - 1) / most_leaves;
  Agreement agreement(data.choices);
  Unseen unseen(data);
  for (std::uint64_t i = 0; i < halvings; ++i) {
    const std::vector<std::size_t> order = drawn_order(rows, RandomSource(i, Purpose::search, 1, 0));
    const auto middle = order.begin() + static_cast<std::ptrdiff_t>(rows / 2);
    const std::vector<std::size_t> first(order.begin(), middle);
    const std::vector<std::size_t> second(middle, order.end());
    const RegressionTree a(data, first, least, RandomSource(i, Purpose::search, 1, 1));
    const RegressionTree b(data, second, least, RandomSource(i, Purpose::search, 1, 2));
    agreement.add(a, b);
    unseen.judge(a, second);
    unseen.judge(b, first);
  }
  return shares_of(agreement.sums(), unseen.explained());
}

}  // namespace shoal
