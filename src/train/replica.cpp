#include "train/replica.hpp"

#include <algorithm>
#include <utility>

#include "shoal/core/profile.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/optim/averaging.hpp"
#include "shoal/optim/clipping.hpp"

namespace shoal {
namespace {

constexpr std::int64_t bucket_floats = 1 << 20;

/// Sums of `width` numbers for each chunk of a run, by the tree over the chunks of that run: a function of them alone.
std::vector<double> fold_chunks(std::span<const double> rows, std::size_t width) {
  const LeafShare chunks(LeafCut{static_cast<std::int64_t>(rows.size() / width), 1});
  const AddMerge add;
  std::vector<double> sums = fold_leaves(chunks, width, add, rows);
  fold_slots(chunks, sums, width, add);
  sums.resize(width);
  return sums;
}

}  // namespace

Replica::Replica(const Model& model, const std::string& optimizer, Communicator& comm, std::int64_t capacity,
                 std::size_t nodes)
    : graph_(model.graph()),
      comm_(comm),
      executor_(graph_, capacity, comm),
      optimizer_(optimizer),
      plan_(graph_.chunks(), comm.size(), bucket_floats),
      exchange_(comm, plan_, nodes),
      states_(static_cast<std::size_t>(graph_.state_size())),
      place_(static_cast<std::size_t>(plan_.chunks()), -1),
      parameter_(static_cast<std::size_t>(plan_.chunks())) {
  bind(exchange_.parameters().data(), states_);
  graph_.initialize_states(states_);
  owned_begin_.push_back(0);
  for (int bucket = 0; bucket < plan_.buckets(); ++bucket) {
    const ChunkRange slice = plan_.slice(bucket, comm.rank());
    for (std::int64_t chunk = slice.first; chunk < slice.last; ++chunk) {
      place_[static_cast<std::size_t>(chunk)] = static_cast<std::int64_t>(owned_chunks_.size());
      owned_chunks_.push_back(chunk);
      owned_begin_.push_back(owned_begin_.back() + plan_.chunk_begin(chunk + 1) - plan_.chunk_begin(chunk));
    }
  }
  std::size_t parameter = 0;
  for (std::int64_t chunk = 0; chunk < plan_.chunks(); ++chunk) {
    const auto parameters = graph_.parameters();
    while (plan_.chunk_begin(chunk) >= parameters[parameter].offset + parameters[parameter].size()) ++parameter;
    parameter_[static_cast<std::size_t>(chunk)] = parameter;
  }
  for (std::size_t m = 0; m < optimizer_.moments().size(); ++m) moments_.emplace_back(owned_begin_.back());
}

std::unique_ptr<Executor<float>> Replica::make_executor(std::int64_t capacity) {
  auto executor = std::make_unique<Executor<float>>(graph_, capacity, comm_);
  executor->bind(bound_parameters_, bound_states_);
  return executor;
}

void Replica::bind(float* parameters, std::span<double> states) {
  bound_parameters_ = parameters;
  bound_states_ = states;
  executor_.bind(parameters, states);
}

void Replica::fill_parameters(const std::function<void(std::span<float>)>& fill) {
  if (exchange_.fills_parameters()) fill(exchange_.parameters());
}

void Replica::backward(const LeafShare& share) {
  exchange_.begin(share);
  partials_.clear();
  for (std::size_t n = 0; n < share.nodes().size(); ++n) partials_.push_back(exchange_.partial(n).data());
  executor_.backward(partials_, [&](std::size_t parameter) {
    // The first parameter is complete before its last use: see below.
    if (parameter > 0) exchange_.complete_from(graph_.parameters()[parameter].offset);
  });
  if (!partials_.empty()) SHOAL_FAULT_POINT("gradient", exchange_.partial(0));
  exchange_.complete_from(0);
}

void Replica::update(UpdateScalars scalars, double average_decay) {
  const Span span(SpanKind::compute, "sum gradients, update parameters");
  SHOAL_FAULT_POINT("exchange");
  scalars.clip_factor = clip_factor_of(scalars);
  const std::vector<double> trust = trust_ratios(scalars);
  std::vector<UpdateScalars> by_parameter(graph_.parameters().size(), scalars);
  for (std::size_t p = 0; p < by_parameter.size(); ++p) {
    by_parameter[p].decay = graph_.parameters()[p].decay;
    by_parameter[p].trust = trust[p];
  }
  const double share = average_share(average_decay, scalars.step);
  exchange_.update([&](std::int64_t chunk, std::int64_t first, const GradientSum& sum, std::span<float> parameters) {
    const std::int64_t begin = owned_begin_[place_of(chunk)] + first;
    const auto moments = moments_at(begin);
    optimizer_.update(by_parameter[parameter_[static_cast<std::size_t>(chunk)]], parameters, sum,
                      std::span(moments).first(moments_.size()));
    if (average_) move_average(share, parameters, {average_->data() + begin, parameters.size()});
  });
  if (average_) move_average(share, std::span<const double>(states_), average_states_);
  SHOAL_FAULT_POINT("parameters", exchange_.parameters());
}

std::array<float*, most_moments> Replica::moments_at(std::int64_t begin) {
  std::array<float*, most_moments> moments{};
  for (std::size_t m = 0; m < moments_.size(); ++m) moments[m] = moments_[m].data() + begin;
  return moments;
}

double Replica::clip_factor_of(const UpdateScalars& scalars) {
  if (scalars.settings.clip_norm == 0.0) return 1.0;
  std::vector<double> mine(owned_chunks_.size());
  exchange_.visit_sums([&](std::int64_t chunk, std::span<const float> sum) {
    mine[place_of(chunk)] = sum_of_squares(sum, scalars.batch);
  });
  return clip_factor(fold_chunks(by_chunk(mine, 1), 1)[0], scalars.settings.clip_norm);
}

/// Of each parameter; norms of all of them travel together.
std::vector<double> Replica::trust_ratios(const UpdateScalars& scalars) {
  const auto parameters = graph_.parameters();
  std::vector<double> ratios(parameters.size(), 1.0);
  if (!optimizer_.trusts()) return ratios;
  constexpr std::size_t width = 2;
  std::vector<double> mine(width * owned_chunks_.size());
  const std::span<const float> flat = exchange_.parameters();
  UpdateScalars decayed = scalars;
  decayed.decay = true;
  exchange_.visit_sums([&](std::int64_t chunk, std::span<const float> sum) {
    if (!parameters[parameter_[static_cast<std::size_t>(chunk)]].decay) return;
    const auto moments = moments_at(owned_begin_[place_of(chunk)]);
    const TrustNorms norms =
        optimizer_.norms(decayed, flat.subspan(static_cast<std::size_t>(plan_.chunk_begin(chunk)), sum.size()), sum,
                         std::span(moments).first(moments_.size()));
    mine[width * place_of(chunk)] = norms.weights;
    mine[width * place_of(chunk) + 1] = norms.change;
  });
  const std::vector<double> rows = by_chunk(mine, width);
  for (std::size_t first = 0, last = 0; first < parameter_.size(); first = last) {
    const std::size_t p = parameter_[first];
    while (last < parameter_.size() && parameter_[last] == p) ++last;
    if (!parameters[p].decay) continue;
    const std::vector<double> whole =
        fold_chunks(std::span(rows).subspan(width * first, width * (last - first)), width);
    ratios[p] = optimizer_.trust_ratio(scalars.settings, {whole[0], whole[1]});
  }
  return ratios;
}

/// Collective. `width` numbers for each chunk, of all ranks, by chunk. mine: of the chunks owned.
std::vector<double> Replica::by_chunk(std::span<const double> mine, std::size_t width) {
  const auto row_bytes = static_cast<std::int64_t>(width * sizeof(double));
  std::vector<std::int64_t> begin = {0};
  for (int rank = 0; rank < comm_.size(); ++rank) {
    std::int64_t chunks = 0;
    for (int bucket = 0; bucket < plan_.buckets(); ++bucket) chunks += plan_.slice(bucket, rank).size();
    begin.push_back(begin.back() + chunks * row_bytes);
  }
  std::vector<double> all(width * static_cast<std::size_t>(plan_.chunks()));
  std::copy(mine.begin(), mine.end(),
            all.begin() + begin[static_cast<std::size_t>(comm_.rank())] / static_cast<std::int64_t>(sizeof(double)));
  comm_.all_gather_pieces(std::as_writable_bytes(std::span(all)), begin);
  // From (rank, bucket, chunk) to chunk order.
  std::vector<double> rows(all.size());
  auto from = all.cbegin();
  for (int rank = 0; rank < comm_.size(); ++rank) {
    for (int bucket = 0; bucket < plan_.buckets(); ++bucket) {
      const ChunkRange slice = plan_.slice(bucket, rank);
      const std::size_t numbers = width * static_cast<std::size_t>(slice.size());
      std::copy_n(from, numbers, rows.begin() + static_cast<std::ptrdiff_t>(width) * slice.first);
      from += static_cast<std::ptrdiff_t>(numbers);
    }
  }
  return rows;
}

void Replica::gather_moment(std::size_t moment, std::span<float> flat) { gather(moments_[moment].span(), flat); }

void Replica::set_moment(std::size_t moment, std::span<const float> flat) { take(moments_[moment].span(), flat); }

void Replica::keep_average(bool kept) {
  if (kept) return set_average(exchange_.parameters(), states_);
  average_.reset();
  average_states_.clear();
}

void Replica::set_average(std::span<const float> flat, std::span<const double> states) {
  average_.emplace(owned_begin_.back());
  take(average_->span(), flat);
  average_states_.assign(states.begin(), states.end());
}

void Replica::set_owned_average(std::span<const float> owned, std::span<const double> states) {
  average_.emplace(owned_begin_.back());
  std::copy(owned.begin(), owned.end(), average_->data());
  average_states_.assign(states.begin(), states.end());
}

/// One array whole, into a flat buffer of rank 0. mine: the slices owned, one after the other.
void Replica::gather(std::span<const float> mine, std::span<float> flat) {
  for (int b = 0; b < plan_.buckets(); ++b) {
    std::vector<std::int64_t> begin;
    for (const std::int64_t first : plan_.bucket(b).slice_begin)
      begin.push_back(first * static_cast<std::int64_t>(sizeof(float)));
    const auto rank = static_cast<std::size_t>(comm_.rank());
    const auto slice = static_cast<std::size_t>(begin[rank + 1] - begin[rank]) / sizeof(float);
    comm_.gather_pieces(std::as_bytes(mine.first(slice)), std::as_writable_bytes(flat), begin);
    mine = mine.subspan(slice);
  }
}

void Replica::take(std::span<float> mine, std::span<const float> flat) const {
  for (std::size_t place = 0; place < owned_chunks_.size(); ++place) {
    std::copy_n(flat.begin() + plan_.chunk_begin(owned_chunks_[place]), owned_begin_[place + 1] - owned_begin_[place],
                mine.begin() + owned_begin_[place]);
  }
}

Judging::Judging(Replica& replica) : replica_(replica) {
  if (!replica.keeps_average()) return;
  const BucketPlan& plan = replica.plan_;
  average_ = Buffer<float>(plan.chunk_begin(plan.chunks()));
  const std::span<const float> mine = replica.owned_average();
  for (std::size_t place = 0; place < replica.owned_chunks_.size(); ++place) {
    const std::int64_t begin = replica.owned_begin_[place];
    std::copy_n(mine.begin() + begin, replica.owned_begin_[place + 1] - begin,
                average_.data() + plan.chunk_begin(replica.owned_chunks_[place]));
  }
  for (int b = 0; b < plan.buckets(); ++b) {
    std::vector<std::int64_t> begin;
    for (const std::int64_t first : plan.bucket(b).slice_begin)
      begin.push_back(first * static_cast<std::int64_t>(sizeof(float)));
    replica.comm_.all_gather_pieces(std::as_writable_bytes(average_.span()), begin);
  }
  replica.bind(average_.data(), replica.average_states_);
}

Judging::~Judging() { replica_.bind(replica_.exchange_.parameters().data(), replica_.states_); }

}  // namespace shoal
