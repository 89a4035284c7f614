#include "run/checkpoint_writer.hpp"

#include <fmt/format.h>

#include <cassert>
#include <new>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/start_thread.hpp"
#include "shoal/train/checkpoint.hpp"

namespace shoal {

namespace {

void write(const RunDirectory& directory, DigestLog& digests, CheckpointJob& job, FileBytes& bytes) {
  encode_checkpoint(job.archive, bytes);
  directory.write_checkpoint(job.step, bytes);
  // The checkpoint is there: older ones make room for what the disk refuses, and the line comes with the next one.
  try {
    digests.note({job.step, job.archive.attribute<std::string>(CheckpointNames::digest)});
  } catch (const Error& e) {
    log_warning(fmt::format("digests.jsonl lacks the line of step {} until a later checkpoint is saved: {}", job.step,
                            e.what()));
  }
}

}  // namespace

void put_checkpoint(const RunDirectory& directory, DigestLog& digests, CheckpointJob& job, FileBytes& bytes) {
  write(directory, digests, job, bytes);
  directory.point_latest(job.step);
  if (job.best_step >= 0) directory.point_best(job.best_step);
  directory.prune(job.keep, job.spared);
}

CheckpointWriter::CheckpointWriter(const RunDirectory& directory) : directory_(directory), digests_(directory.path()) {
  thread_ = start_thread([this] { work(); });
}

CheckpointWriter::~CheckpointWriter() {
  {
    const std::scoped_lock held(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void CheckpointWriter::begin(CheckpointJob job) {
  {
    const std::scoped_lock held(mutex_);
    assert(!job_ && !outcome_);
    job_ = std::move(job);
  }
  changed_.notify_all();
}

std::optional<SaveOutcome> CheckpointWriter::poll() {
  const std::scoped_lock held(mutex_);
  return take_outcome();
}

std::optional<SaveOutcome> CheckpointWriter::wait() {
  std::unique_lock held(mutex_);
  changed_.wait(held, [this] { return !job_; });
  return take_outcome();
}

std::optional<SaveOutcome> CheckpointWriter::take_outcome() { return std::exchange(outcome_, std::nullopt); }

Archive CheckpointWriter::take_archive() {
  const std::scoped_lock held(mutex_);
  return std::exchange(done_, {});
}

SaveOutcome CheckpointWriter::save() {
  SaveOutcome outcome{job_->step, ExitStatus::done, "", {}};
  const auto begun = std::chrono::steady_clock::now();
  try {
    if (unsaved_best_ && unsaved_best_->step == job_->best_step && job_->step != job_->best_step) {
      write(directory_, digests_, *unsaved_best_, bytes_);
    }
    put_checkpoint(directory_, digests_, *job_, bytes_);
    unsaved_best_.reset();
  } catch (const Error& error) {
    outcome = {job_->step, error.status(), error.what(), {}};
  } catch (const std::bad_alloc&) {
    // As with a full disk, training can go on, and there may be memory the next time.
    outcome = {job_->step, ExitStatus::input_output, "there is not enough memory to build a checkpoint", {}};
  } catch (const std::exception& error) {
    outcome = {job_->step, ExitStatus::internal, error.what(), {}};
  }
  outcome.took = std::chrono::steady_clock::now() - begun;
  return outcome;
}

void CheckpointWriter::work() {
  std::unique_lock held(mutex_);
  for (;;) {
    changed_.wait(held, [this] { return job_ || ending_; });
    if (!job_) return;
    held.unlock();
    SaveOutcome outcome = save();
    held.lock();
    if (outcome.status != ExitStatus::done && job_->best_step == job_->step) {
      unsaved_best_ = std::move(job_);
    } else {
      done_ = std::move(job_->archive);
    }
    job_.reset();
    outcome_ = std::move(outcome);
    changed_.notify_all();
  }
}

}  // namespace shoal
