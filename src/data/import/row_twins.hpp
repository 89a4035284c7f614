#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace shoal {

/// Which rows of other splits have the features of a row of train, bit for bit: what is judged on copies of rows that a
/// model was trained on is too good. Keeps a hash of each row; of more than `most` rows of all splits those whose hash
/// ends in zeros, as many as it takes, so that twins are kept together and shares stay what they are.
class RowTwins {
 public:
  explicit RowTwins(std::size_t most = std::size_t{1} << 17) : most_(most) {}

  /// Rows of a split, one after the other in `bytes`, with `row_bytes` each.
  void add(const std::string& split, std::span<const std::byte> bytes, std::size_t row_bytes);

  /// The share of the rows of a split that train has too; 0 for splits that are not there.
  double share(const std::string& split) const;

 private:
  void thin();

  std::size_t most_;
  std::size_t kept_ = 0;
  std::uint64_t dropped_bits_ = 0;  // a hash with one of them is not kept
  std::map<std::string, std::vector<std::uint64_t>> hashes_;
};

}  // namespace shoal
