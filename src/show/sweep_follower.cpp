#include <utility>

#include "shoal/show/watch.hpp"
#include "show/sweep_stamp.hpp"

namespace shoal {

SweepFollower::SweepFollower(std::string folder) : folder_(std::move(folder)) { refresh(); }

const SweepFrame& SweepFollower::refresh() {
  std::string stamp = sweep_stamp(folder_);
  if (stamp != stamp_ || frame_.view.under_way) {  // one whose process was killed keeps its lock
    frame_.view = read_sweep(folder_);
    stamp_ = std::move(stamp);
  }
  frame_.pace = pace_of(frame_.view);
  return frame_;
}

}  // namespace shoal
