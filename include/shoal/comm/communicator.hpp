#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "shoal/core/tree_sum.hpp"

namespace shoal {

class SmallSums;
class Transport;

/// The ranks that call each collective together, in the same order. A communicator of one process is an ordinary one.
/// Move-only, owns its MPI handle. Every function but the plain getters and abort() is collective; only the thread that
/// made the Session calls any. When MPI fails, all throw Error with MPI's own text.
class Communicator : public TreeSum {
 public:
  /// One process by itself, without MPI.
  Communicator();
  explicit Communicator(std::unique_ptr<Transport> transport);
  Communicator(Communicator&&) noexcept;
  Communicator& operator=(Communicator&&) noexcept;
  /// Does not talk to other ranks while an exception unwinds.
  ~Communicator() override;

  int rank() const noexcept;  ///< in [0, size())
  int size() const noexcept;
  int host_count() const noexcept;
  int ranks_on_host() const noexcept;  ///< of this rank, itself among them
  /// OMP_NUM_THREADS where it is set and valid, else the cores that this rank may use divided by the ranks of the whole
  /// job that may use the same ones; at least 1. The same for all communicators split from one.
  int threads_for_this_rank() const noexcept;
  /// A line on threads that are more than the cores that they share, and the remedy; empty: they are not, or each rank
  /// has one. Ranks that share cores count together.
  std::string crowding() const;

  /// Finishes the leaf tree over all ranks; see TreeSum. share: for size() ranks and this rank(). Ranks without a leaf
  /// take part with no partials.
  void tree_reduce(const LeafShare& share, std::span<const double> partials, const Merge& merge,
                   std::span<double> result) override;

  void barrier() const;

  /// Copies `data` of rank `root` to all; of equal length everywhere, any length.
  void broadcast(std::span<std::byte> data, int root = 0) const;
  /// The same where only the root knows the length; the others' value is replaced.
  void broadcast_bytes(std::vector<std::byte>& data, int root = 0) const;
  void broadcast_string(std::string& text, int root = 0) const;

  /// One entry per rank on `root`, of any lengths; nothing elsewhere.
  std::vector<std::vector<std::byte>> gather_bytes(std::span<const std::byte> mine, int root = 0) const;
  /// The same where all know the lengths, into memory that is there: rank r's bytes become [begin[r], begin[r + 1]) of
  /// `all` on `root`. all: used there alone; begin: (size + 1), equal on all.
  void gather_pieces(std::span<const std::byte> mine, std::span<std::byte> all, std::span<const std::int64_t> begin,
                     int root = 0) const;

  /// One value per rank, on every rank. The type must be the same on all.
  template <class T>
  requires std::is_trivially_copyable_v<T> std::vector<T> all_gather(T mine)
  const;

  /// In place: rank r has filled bytes [begin[r], begin[r + 1]) of `all`, and gets the rest. begin: (size + 1), equal
  /// on all.
  void all_gather_pieces(std::span<std::byte> all, std::span<const std::int64_t> begin) const;

  std::int64_t all_max(std::int64_t mine) const;
  std::int64_t all_min(std::int64_t mine) const;

  /// The ranks with equal color (>= 0), in the order that they have here.
  Communicator split(int color) const;

  /// What carries the bytes, for those who exchange more than fits the functions above.
  Transport& transport() const { return *transport_; }

  /// Not collective: ends every rank of the job at once, with this exit status.
  [[noreturn]] void abort(int status) const;

 private:
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<SmallSums> sums_;
};

template <class T>
requires std::is_trivially_copyable_v<T> std::vector<T> Communicator::all_gather(T mine)
const {
  std::vector<T> all(static_cast<std::size_t>(size()));
  std::vector<std::int64_t> begin;
  for (int r = 0; r <= size(); ++r) begin.push_back(r * static_cast<std::int64_t>(sizeof(T)));
  all[static_cast<std::size_t>(rank())] = mine;
  all_gather_pieces(std::as_writable_bytes(std::span(all)), begin);
  return all;
}

}  // namespace shoal
