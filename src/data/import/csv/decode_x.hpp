#pragma once

#include <cstddef>
#include <vector>

#include "shoal/io/element_type.hpp"
#include "verdict.hpp"

namespace shoal {

/// Rows of x in their final type, features in their order, words as categories.
class DecodeX {
 public:
  DecodeX(const CsvScan& scan, std::vector<CsvFeature> features, ElementType type);

  /// @param out  gets all rows of the block, one after the other
  void operator()(const CsvScan& scan, const CsvRows& block, std::vector<std::byte>& out);

 private:
  template <class T>
  void convert(const CsvScan& scan, const CsvRows& block, std::size_t rows, std::vector<std::byte>& out) const;

  std::vector<CsvFeature> features_;
  ElementType type_;
  bool as_stored_ = true;
  std::vector<std::byte> raw_;
};

}  // namespace shoal
