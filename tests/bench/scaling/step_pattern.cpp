// The messages of one training step between hosts, for a simulated cluster: no training, no data, virtual time. Two
// processes stand for a rank: one computes, one carries the messages. Compiled with smpicxx, run by run.sh.
//   step_pattern LAYERS FORWARD_MS BACKWARD_MS UPDATE_MS RANKS
// LAYERS: of each layer with parameters, forward, its parameters:multiplications:channels that batch norm has behind
// it. The times are those of a rank's samples without others, and of an update of all parameters. RANKS: of each host.
// Prints the time of the step in ms, and the messages and bytes that hosts sent each other.
//
// As in src/comm: batch-norm statistics of each layer and direction, and the loss, are small sums, in a host through
// its window, which takes no time here, then by recursive doubling of the first ranks. A bucket of gradients starts
// when the backward pass has completed it: every rank sends its counterpart on each other host the part of that one's
// slice. Then each rank updates its slices and sends the new parameters to those.
#include <mpi.h>
#include <simgrid/actor.h>
#include <smpi/smpi.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr std::int64_t bucket_floats = 1 << 20;
// A host sends so many messages at a time: the simulator slows down with their number.
constexpr int most_in_flight = 8;
constexpr std::size_t half_bytes = std::size_t{32} << 20;

int host = 0;
int hosts = 1;
int place = 0;                          // of this rank on its host
int ranks = 1;                          // of a host
MPI_Comm counterparts = MPI_COMM_NULL;  // the ranks at this place of every host
MPI_Comm mates = MPI_COMM_NULL;         // the ranks of this host
long long sent[2] = {0, 0};             // messages and bytes to other hosts
char* memory = nullptr;                 // to send from, and half_bytes behind to receive into; contents do not matter

void count(std::int64_t bytes) {
  ++sent[0];
  sent[1] += bytes;
}

/// Messages with every other host, by a second process of each rank: the network carries them while the first computes.
class Exchange {
 public:
  /// The second process: serves what the first starts, in order, until it sends a length below 0.
  static void serve(MPI_Comm carriers) {
    for (;;) {
      std::int64_t bytes = 0;
      MPI_Recv(&bytes, 1, MPI_INT64_T, mate(), 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      if (bytes < 0) return;
      std::vector<MPI_Request> requests;
      for (int distance = 1; distance < hosts; ++distance) {
        MPI_Irecv(memory + half_bytes, static_cast<int>(bytes), MPI_BYTE, (host + hosts - distance) % hosts, 0,
                  carriers, &requests.emplace_back());
        MPI_Isend(memory, static_cast<int>(bytes), MPI_BYTE, (host + distance) % hosts, 0, carriers,
                  &requests.emplace_back());
        count(bytes);
        if (distance % most_in_flight == 0 || distance + 1 == hosts) {
          MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
          requests.clear();
        }
      }
      MPI_Send(nullptr, 0, MPI_BYTE, mate(), 0, MPI_COMM_WORLD);
    }
  }

  void start(std::int64_t bytes_each) {
    MPI_Send(&bytes_each, 1, MPI_INT64_T, mate(), 0, MPI_COMM_WORLD);
    started_ += bytes_each < 0 ? 0 : 1;
  }
  void wait() {
    for (; started_ > 0; --started_) MPI_Recv(nullptr, 0, MPI_BYTE, mate(), 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  }

 private:
  static int mate() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank ^ 1;
  }
  int started_ = 0;
};

struct Layer {
  std::int64_t parameters = 0;
  double products = 0.0;
  int channels = 0;  // of the batch norm behind it; 0: none
};

std::vector<Layer> layers_of(const std::string& text) {
  std::vector<Layer> layers;
  std::istringstream in(text);
  Layer layer;
  for (char mark = ','; in >> layer.parameters >> mark >> layer.products >> mark >> layer.channels; in >> mark)
    layers.push_back(layer);
  return layers;
}

void compute(double seconds) { sg_actor_sleep_for(seconds); }

/// A small sum over all hosts; for numbers of hosts that are powers of two.
void small_sum(int bytes) {
  MPI_Barrier(mates);
  for (int distance = 1; place == 0 && distance < hosts; distance *= 2) {
    MPI_Sendrecv(memory, bytes, MPI_BYTE, host ^ distance, 1, memory + half_bytes, bytes, MPI_BYTE, host ^ distance, 1,
                 counterparts, MPI_STATUS_IGNORE);
    count(bytes);
  }
  MPI_Barrier(mates);
}

void print_step(int rank, double ms) {
  long long all[2] = {0, 0};
  MPI_Reduce(sent, all, 2, MPI_LONG_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
  if (rank == 0) std::printf("%.6f %lld %lld\n", ms, all[0], all[1]);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &hosts);
  if (argc == 6) ranks = std::atoi(argv[5]);
  hosts /= 2 * ranks;
  host = rank / (2 * ranks);
  place = rank / 2 % ranks;
  MPI_Comm_split(MPI_COMM_WORLD, rank % (2 * ranks), rank, &counterparts);
  MPI_Comm_split(MPI_COMM_WORLD, 2 * host + rank % 2, rank, &mates);
  memory = static_cast<char*>(SMPI_SHARED_MALLOC(2 * half_bytes));  // one for all ranks, and nothing is copied
  if (argc != 6 || (hosts & (hosts - 1)) != 0) {
    if (rank == 0)
      std::fprintf(stderr, "usage: step_pattern LAYERS FORWARD_MS BACKWARD_MS UPDATE_MS RANKS, 2^n hosts\n");
    MPI_Abort(MPI_COMM_WORLD, 64);
  }
  const std::vector<Layer> layers = layers_of(argv[1]);
  const double forward_s = std::atof(argv[2]) * 1e-3;
  const double backward_s = std::atof(argv[3]) * 1e-3;
  const double update_s = std::atof(argv[4]) * 1e-3;

  // Time goes to layers by their products: one forward, two backward but for the first layer.
  double products = 0.0;
  double backward_products = 0.0;
  std::int64_t parameters = 0;
  for (const Layer& layer : layers) {
    products += layer.products;
    backward_products += layer.products * (&layer == &layers.front() ? 1.0 : 2.0);
    parameters += layer.parameters;
  }

  if (rank % 2 != 0) {
    Exchange::serve(counterparts);
    print_step(rank, 0.0);
    SMPI_SHARED_FREE(memory);
    MPI_Finalize();
    return 0;
  }
  Exchange exchange;
  const auto all_wait = [] {
    MPI_Barrier(mates);
    if (place == 0) MPI_Barrier(counterparts);
    MPI_Barrier(mates);
  };
  all_wait();
  const double start = MPI_Wtime();
  // Mean and squared deviations, or the two sums of the gradient, in float64.
  const auto statistics = [](const Layer& layer) {
    if (layer.channels > 0) small_sum(2 * layer.channels * 8);
  };
  for (const Layer& layer : layers) {
    compute(forward_s * layer.products / products);
    statistics(layer);
  }
  small_sum(64);  // loss, and what ranks ask each other
  std::vector<std::int64_t> buckets;
  std::int64_t in_bucket = 0;
  for (std::size_t l = layers.size(); l-- > 0;) {
    const Layer& layer = layers[l];
    statistics(layer);
    compute(backward_s * layer.products * (l == 0 ? 1.0 : 2.0) / backward_products);
    in_bucket += layer.parameters;
    while (in_bucket >= bucket_floats || (l == 0 && in_bucket > 0)) {
      const std::int64_t floats = l == 0 && in_bucket < 2 * bucket_floats ? in_bucket : bucket_floats;
      buckets.push_back(floats);
      in_bucket -= floats;
      exchange.start(floats * 4 / hosts / ranks);
    }
  }
  exchange.wait();
  MPI_Barrier(mates);
  // An update reads a gradient, a parameter and two moments, and writes the latter; here one gradient of each rank.
  const double streams = (6.0 + ranks) / 7.0;
  for (std::size_t b = 0; b < buckets.size(); ++b) {
    compute(streams * update_s * static_cast<double>(buckets[b]) / static_cast<double>(parameters) / (hosts * ranks));
    exchange.start(buckets[b] * 4 / hosts / ranks);
  }
  exchange.wait();
  all_wait();
  const double passed = MPI_Wtime() - start;
  exchange.start(-1);
  print_step(rank, passed * 1e3);
  SMPI_SHARED_FREE(memory);
  MPI_Finalize();
  return 0;
}
