// One save, broken at each of its system calls.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>

#include "campaign.hpp"
#include "disk_model.hpp"
#include "run/checkpoint_writer.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "system_calls.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using tests::Call;
using tests::Fate;
using tests::SystemCalls;

constexpr std::int64_t before = 5;
constexpr std::int64_t after = 10;

CheckpointJob job_of(std::int64_t step) {
  CheckpointJob job;
  const std::vector<float> weights(1000, static_cast<float>(step));
  job.archive.put(make_array<float>("parameters/01_dense/weight", {10, 100}, std::span<const float>(weights)));
  job.archive.put(make_scalar<std::int64_t>("progress/step", step));
  job.step = step;
  job.best_step = step;
  job.keep = 1;
  return job;
}

void save(const RunDirectory& directory, std::int64_t step) {
  CheckpointJob job = job_of(step);
  FileBytes bytes;
  DigestLog digests(directory.path());
  put_checkpoint(directory, digests, job, bytes);
}

bool is_sound(const std::string& run, std::int64_t step) try {
  const std::string path = RunPaths{run}.checkpoint(step);
  return decode(read_checkpoint(path), path).scalar<std::int64_t>("progress/step") == step;
} catch (const Error&) {
  return false;
}

/// Every file that has the name of a checkpoint is one, `latest` and `best` lead to one, and the newest is that of the
/// save or the one before it.
void expect_sound(const std::string& run, const std::string& what, std::int64_t least = before) {
  const std::vector<std::int64_t> steps = RunDirectory::checkpoint_steps(run);
  ASSERT_FALSE(steps.empty()) << what;
  for (const std::int64_t step : steps) EXPECT_TRUE(is_sound(run, step)) << what << ": step " << step;
  EXPECT_GE(steps.back(), least) << what;
  const DigestChain digests = DigestChain::of_run(run);
  EXPECT_EQ(digests.fault(), "") << what;
  for (const DigestRecord& record : digests.records())
    EXPECT_LE(record.step, steps.back()) << what << ": a line in front of its checkpoint";
  for (const auto step : {RunDirectory::latest(run), RunDirectory::best(run)})
    EXPECT_TRUE(step && is_sound(run, *step)) << what;
}

/// A run with a checkpoint, for each case anew.
struct Place {
  tests::TemporaryFolder folder;
  std::string run = folder / "run";
  std::optional<RunDirectory> directory = RunDirectory::create(run);
  Place() { save(*directory, before); }
};

/// The calls of a whole save.
std::vector<tests::Record> calls_of_a_save() {
  Place place;
  const SystemCalls calls([](int, Call, const std::string&) { return Fate{}; });
  save(*place.directory, after);
  return calls.records();
}

/// Looking for another owner, through the older checkpoints, or for a file that is not there.
bool is_read(const tests::Record& record) {
  return record.call == Call::open && (!record.done || (record.flags & (O_WRONLY | O_RDWR | O_DIRECTORY)) == 0);
}

struct Harm {
  std::string name;
  Fate fate;
};

TEST(Save, OutlivesADeathAtEachSystemCall) {
  const auto records = calls_of_a_save();
  ASSERT_GT(records.size(), 20U);
  for (int at = 0; at < static_cast<int>(records.size()); ++at) {
    const std::string what = std::string("died before call ") + std::to_string(at) + ", " +
                             tests::name_of(records[static_cast<std::size_t>(at)].call);
    const Place place;
    const pid_t child = ::fork();
    if (child == 0) {
      const SystemCalls calls([&](int number, Call, const std::string&) {
        return number == at ? Fate{Fate::die, 0} : Fate{};
      });
      save(*place.directory, after);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 99) << what << ": " << status;
    expect_sound(place.run, what);
    save(*place.directory, after);
    expect_sound(place.run, what + ", saved again", after);
  }
  std::cout << records.size() << " calls, dead before each\n";
}

TEST(Save, OutlivesAFailureOfEachSystemCall) {
  const auto records = calls_of_a_save();
  const std::vector<Harm> harms = {{"EIO", {Fate::fail, EIO}},
                                   {"ENOSPC", {Fate::fail, ENOSPC}},
                                   {"EROFS", {Fate::fail, EROFS}},
                                   {"EINTR", {Fate::fail, EINTR}},
                                   {"cut short", {Fate::cut_short, 0}}};
  int cases = 0;
  std::map<std::string, int> reported;
  for (const Harm& harm : harms) {
    for (int at = 0; at < static_cast<int>(records.size()); ++at) {
      const Call call = records[static_cast<std::size_t>(at)].call;
      if (harm.fate.kind == Fate::cut_short && call != Call::write) continue;
      const std::string what = harm.name + " of call " + std::to_string(at) + ", " + tests::name_of(call) + " " +
                               records[static_cast<std::size_t>(at)].path;
      Place place;
      bool failed = false;
      {
        const SystemCalls calls(
            [&](int number, Call, const std::string&) { return number == at ? harm.fate : Fate{}; });
        try {
          save(*place.directory, after);
        } catch (const Error& error) {
          failed = true;
          EXPECT_EQ(error.status(), ExitStatus::input_output) << what << ": " << error.what();
          EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << what;
        }
      }
      ++cases;
      if (failed) ++reported[harm.name];
      expect_sound(place.run, what, failed ? before : after);
      save(*place.directory, after);
      expect_sound(place.run, what + ", saved again", after);
      EXPECT_TRUE(call == Call::unlink || fs::is_empty(place.run + "/incarnation-1")) << what;
      // Interrupted and short calls are made again; the last two before digests.jsonl is closed remove the older
      // checkpoint, which is worth no failure.
      const bool repeated = call == Call::open || call == Call::write || call == Call::sync;
      const bool counts = repeated || (call == Call::rename && at + 3 < static_cast<int>(records.size()));
      const bool passes = harm.fate.kind == Fate::cut_short || (harm.fate.error == EINTR && repeated);
      // A digest's line waits for the next checkpoint.
      const bool may_wait =
          call != Call::open && records[static_cast<std::size_t>(at)].path.ends_with("/digests.jsonl");
      const bool must_be_seen =
          harm.fate.error == EIO && counts && !may_wait && !is_read(records[static_cast<std::size_t>(at)]);
      EXPECT_FALSE(passes && failed) << what;
      EXPECT_FALSE(must_be_seen && !failed) << what;
    }
  }
  std::cout << cases << " cases;";
  for (const auto& [name, count] : reported) std::cout << ' ' << name << ": " << count << " reported;";
  std::cout << '\n';
}

TEST(Save, GoesThroughThePageCacheWhereTheFileSystemWantsThat) {
  const auto records = calls_of_a_save();
  const auto is_direct = [](const tests::Record& r) { return r.call == Call::open && (r.flags & O_DIRECT) != 0; };
  const auto direct = std::find_if(records.begin(), records.end(), is_direct);
  ASSERT_NE(direct, records.end());
  const auto opened = static_cast<int>(direct - records.begin());
  ASSERT_EQ(records[static_cast<std::size_t>(opened) + 1].call, direct->done ? Call::write : Call::open);
  // Some say so when the file is opened, some when it is written.
  for (const int refused : {opened, direct->done ? opened + 1 : opened}) {
    Place place;
    const SystemCalls calls([&](int number, Call, const std::string&) {
      return number == refused ? Fate{Fate::fail, EINVAL} : Fate{};
    });
    save(*place.directory, after);
    expect_sound(place.run, "EINVAL of call " + std::to_string(refused), after);
  }
}

TEST(Save, OutlivesAPowerCutAfterEachSystemCall) {
  Place place;
  const tests::DiskModel start(place.run);
  std::vector<tests::Record> records;
  {
    const SystemCalls calls([](int, Call, const std::string&) { return Fate{}; });
    save(*place.directory, after);
    records = calls.records();
  }
  int states = 0;
  tests::DiskModel disk = start;
  for (std::size_t done = 0; done <= records.size(); ++done) {
    if (done > 0) disk.apply(records[done - 1]);
    for (std::size_t names = 0; names <= disk.pending_names(); ++names) {
      for (const auto bytes :
           {tests::DiskModel::Bytes::none, tests::DiskModel::Bytes::half, tests::DiskModel::Bytes::all}) {
        const tests::TemporaryFolder cut;
        const std::string run = cut / "run";
        disk.write_state(names, bytes, run);
        const std::string what = "cut after " + std::to_string(done) + " calls, " + std::to_string(names) +
                                 " unsynced names, bytes " + std::to_string(static_cast<int>(bytes));
        expect_sound(run, what, done == records.size() ? after : before);
        ++states;
      }
    }
  }
  std::cout << records.size() << " calls, " << states << " states of the disk\n";
}

/// Names, contents and targets of all but the incarnations; nor of digests.jsonl, which the next owner replaces, so
/// that what an earlier one still appends is lost.
std::map<std::string, std::string> content_of(const std::string& run) {
  std::map<std::string, std::string> content;
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    const std::string path = entry.path().string();
    if (path.find("/incarnation-") != std::string::npos || path.ends_with("/lock")) continue;
    if (path.ends_with("/digests.jsonl")) continue;
    if (entry.is_symlink()) {
      content[path] = fs::read_symlink(path).string();
    } else if (entry.is_regular_file()) {
      content[path] = read_text(path);
    }
  }
  return content;
}

TEST(Save, OfAnOwnerTakenOverAtAnySystemCallChangesNothingMore) {
  const auto records = calls_of_a_save();
  for (int at = 0; at < static_cast<int>(records.size()); ++at) {
    const std::string what = std::string("taken over before call ") + std::to_string(at) + ", " +
                             tests::name_of(records[static_cast<std::size_t>(at)].call);
    Place place;
    std::map<std::string, std::string> then;
    ExitStatus status = ExitStatus::done;
    {
      const SystemCalls calls([&](int number, Call, const std::string&) {
        if (number == at) {  // as the next owner does, who believes that this one is dead
          fs::create_directory(place.run + "/incarnation-2");
          fs::remove_all(place.run + "/incarnation-1");
          then = content_of(place.run);
        }
        return Fate{};
      });
      try {
        save(*place.directory, after);
      } catch (const Error& error) {
        status = error.status();
      }
    }
    EXPECT_TRUE(content_of(place.run) == then) << what;            // printing it would take pages
    const bool over = at + 1 == static_cast<int>(records.size());  // nothing was left to do
    if (!over && status != ExitStatus::taken) {
      // Only what does not change the run may still have come: the sync of a folder, closing it, the last unlink.
      const Call last = records[static_cast<std::size_t>(at)].call;
      EXPECT_TRUE(last == Call::sync || last == Call::close || last == Call::unlink || last == Call::open) << what;
    }
  }
  std::cout << records.size() << " calls, taken over before each\n";
}

}  // namespace
}  // namespace shoal
