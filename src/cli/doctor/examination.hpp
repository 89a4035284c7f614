#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/comm/link_speed.hpp"
#include "shoal/io/place_check.hpp"

namespace shoal {

/// What a rank finds of itself.
struct ExaminedRank {
  std::string host;
  std::vector<int> processors = {};  ///< that it was given at its start, by number
  int threads = 1;
  double gb_per_s = 0.0;          ///< to and from memory, all ranks at once
  bool sees_place = true;         ///< what rank 0 has written there
  bool kept_out = true;           ///< of a lock there that rank 0 holds
  bool heard = true;              ///< by the watch over ranks
  std::vector<int> kept_to = {};  ///< processors on which its threads stay: shoal may have placed it on some of its own
};

struct ExaminedHost {
  std::string name;
  std::vector<int> processors = {};          ///< that the launcher may give to ranks
  std::optional<std::int64_t> granted = {};  ///< how many of them Slurm has given to the job, where it says so
  std::optional<double> quota = {};          ///< processors at a time by control groups, where they say less
  double memory_gb = 0.0;                    ///< that processes may use
  double available_gb = 0.0;
  double load = 0.0;                  ///< of others: the system's mean of the last minute, before anything was measured
  std::optional<double> shm_mb = {};  ///< of /dev/shm that the job may have; none: no such folder
  std::string instructions = {};
  std::vector<std::vector<int>> numa_nodes = {};  ///< processors of each; empty: unknown
};

struct ExaminedLink {
  int from = 0;
  int to = 0;
  LinkSpeed speed = {};
};

/// What shoal doctor finds, on rank 0.
struct Examination {
  std::string launcher;     ///< "mpirun", "srun", "none"
  std::string mpi = {};     ///< library; empty: built without
  int scattered_tasks = 0;  ///< of an srun that told them nothing of each other; 0: it is none
  bool in_slurm = false;
  std::string omp_num_threads = {};  ///< of the environment; empty: not set
  std::string places_threads = {};   ///< the variable that tells OpenMP where threads run; empty: none is set
  std::vector<ExaminedRank> ranks = {};
  std::vector<ExaminedHost> hosts = {};
  std::vector<ExaminedLink> links = {};
  PlaceCheck place = {};
  std::string kernels = {};  ///< why ranks do not compute the same bits; empty: they do
};

/// Collective; takes some seconds. place: a folder for runs.
Examination examine(const std::string& place, Communicator& world);

/// Something that is not as it should be, and the line that mends it.
struct Finding {
  bool hurts = true;  ///< else it is worth knowing
  std::string what;
  std::string remedy;
};
std::vector<Finding> judge(const Examination& examination);

/// The command line to train with, as many ranks as there are now or as fit.
std::string line_to_use(const Examination& examination);

}  // namespace shoal
