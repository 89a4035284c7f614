#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "shoal/core/random.hpp"

namespace shoal {

/// What a tree learns from: rows of places, and a response of each.
struct TreeRows {
  std::vector<std::size_t> choices;         ///< per dimension: how many there are; 0: an ordered one, from 0 to 1
  std::vector<std::vector<double>> places;  ///< per dimension, of each row: from 0 to 1, or which choice
  std::vector<double> response;
};

/// What a leaf holds of one dimension: an interval of [0, 1], or some of the choices.
struct LeafSide {
  double low = 0.0;
  double high = 1.0;
  std::vector<std::uint64_t> members = {};  ///< of choices, a bit each; else empty

  /// The part of the dimension that it is, 0 to 1. choices: as in TreeRows.
  double length(std::size_t choices) const;
};

/// The part of the dimension that two sides have in common.
double overlap(const LeafSide& a, const LeafSide& b, std::size_t choices);

struct TreeLeaf {
  std::vector<LeafSide> sides;  ///< per dimension
  double value = 0.0;           ///< the mean response of its rows
};

/// A tree that splits a space in two, again and again, where that leaves the least squares: an ordered dimension in the
/// middle between two places, choices into two sets. The leaves cut up the whole space. The same bits on every
/// processor. Source: Breiman, Friedman, Olshen and Stone, Classification and regression trees (1984), chapter 8; for
/// choices section 9.4.
class RegressionTree {
 public:
  /// @param rows   the numbers of those to learn from, not empty
  /// @param least  rows in a leaf, at least
  /// @param order  among splits that are equally good the dimension decides, in an order drawn anew for each node
  RegressionTree(const TreeRows& data, std::vector<std::size_t> rows, std::size_t least, const RandomSource& order);

  const std::vector<TreeLeaf>& leaves() const { return leaves_; }
  /// The value of the leaf that a row lies in.
  double value_at(const TreeRows& data, std::size_t row) const;

 private:
  struct Split {
    std::size_t dimension = 0;
    double gain = 0.0;
    double cut = 0.0;                         // what is below goes left
    std::vector<std::uint64_t> members = {};  // of choices, those that go left
    std::size_t rows = 0;                     // that go left
  };
  struct Node {
    Split split;
    std::size_t left = 0;  // nodes; 0 of a leaf: the root is nobody's child
    std::size_t right = 0;
    std::size_t leaf = 0;
  };

  std::size_t grow(std::vector<std::size_t> rows, std::vector<LeafSide> sides);
  Split best_split(const std::vector<std::size_t>& rows, const std::vector<LeafSide>& sides) const;
  void try_ordered(std::size_t d, std::vector<std::size_t> rows, Split& best) const;
  void try_choices(std::size_t d, const std::vector<std::size_t>& rows, const LeafSide& side, Split& best) const;
  static bool goes_left(const Split& split, double place);

  const TreeRows* data_;  // while it grows
  std::size_t least_;
  RandomSource order_;
  std::vector<Node> nodes_;
  std::vector<TreeLeaf> leaves_;
};

}  // namespace shoal
