#include "campaign.hpp"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string_view>

#include "io/checkpoint_header.hpp"
#include "shoal/comm/communicator.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/optim/optimizer.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/run/run.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/train/checkpoint.hpp"
#include "temporary_folder.hpp"

namespace shoal::tests {

Campaign& campaign() {
  static Campaign one;
  return one;
}

const std::vector<std::byte>& real_checkpoint() {
  static const std::vector<std::byte> bytes = [] {
    const TemporaryFolder folder;
    synth_spirals({.samples = 200, .features = 4, .classes = 3, .seed = 3}, folder / "a.h5");
    TrainRequest request;
    request.run = folder / "run";
    request.sets = {"data.file=" + folder / "a.h5", "model.hidden=[8]", "model.batch_norm=true", "train.steps=3"};
    Communicator alone;
    train_run(request, alone);
    return read_checkpoint(RunPaths{*request.run}.checkpoint(3));
  }();
  return bytes;
}

std::vector<std::byte> with_header_version(std::vector<std::byte> bytes, std::uint32_t version) {
  constexpr std::size_t version_at = 8;
  constexpr std::size_t hash_at = 48;
  std::memcpy(bytes.data() + version_at, &version, sizeof version);
  std::fill_n(bytes.begin() + hash_at, sizeof(XXH64_hash_t), std::byte{0});
  const XXH64_hash_t hash = XXH3_64bits(bytes.data(), checkpoint_header_bytes);
  std::memcpy(bytes.data() + hash_at, &hash, sizeof hash);
  return bytes;
}

Archive use_checkpoint(const std::vector<std::byte>& bytes) {
  Archive archive = parse_checkpoint(bytes, "c.h5");
  read_progress(archive);
  read_description(archive);
  read_encoding(archive);
  NudgeJournal::parse(archive.text("journal"), "the journal in c.h5");
  const Model model = read_model(archive);
  std::vector<float> parameters(static_cast<std::size_t>(model.graph().parameter_size()));
  std::vector<double> states(static_cast<std::size_t>(model.graph().state_size()));
  read_parameters(archive, CheckpointNames::parameters, model.graph(), parameters);
  read_states(archive, CheckpointNames::statistics, model.graph(), states);
  for (const std::string_view moment : Optimizer(read_config(archive).optimizer.name).moments())
    read_parameters(archive, CheckpointNames::in(CheckpointNames::moments, moment), model.graph(), parameters);
  return archive;
}

std::string refusal(const std::vector<std::byte>& bytes) {
  try {
    use_checkpoint(bytes);
    return "";
  } catch (const Error& error) {
    const std::string line = error.what();
    EXPECT_EQ(error.status(), ExitStatus::bad_data) << line;
    EXPECT_NE(line, "");
    return line;
  }
}

}  // namespace shoal::tests

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    std::uint32_t number = 0;
    const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole = fault == std::errc() && end == value.data() + value.size() && number > 0;
    if (!whole || (option != "--count" && option != "--seed")) {
      std::cerr << argv[0] << ": options are --count N and --seed S, and those of GoogleTest\n";
      return 64;
    }
    if (option == "--count") shoal::tests::campaign().count = static_cast<int>(number);
    if (option == "--seed") shoal::tests::campaign().seed = number;
  }
  return RUN_ALL_TESTS();
}
