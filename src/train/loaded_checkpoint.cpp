#include "shoal/train/loaded_checkpoint.hpp"

#include <utility>

#include "shoal/comm/run_together.hpp"
#include "shoal/infer/checkpoint.hpp"

namespace shoal {

LoadedCheckpoint load_checkpoint(const std::string& path) {
  std::vector<std::byte> bytes = read_checkpoint(path);
  Archive archive = parse_checkpoint(bytes, path);
  return {std::move(archive), std::move(bytes)};
}

std::optional<Archive> share_checkpoint(std::optional<LoadedCheckpoint> loaded, const Communicator& comm) {
  std::vector<std::byte> bytes;
  std::string name;
  if (loaded) {
    bytes = std::move(loaded->bytes);
    name = loaded->archive.name;
  }
  comm.broadcast_bytes(bytes);
  comm.broadcast_string(name);
  if (bytes.empty()) return std::nullopt;
  std::optional<Archive> archive;
  run_together(comm, [&] { archive = loaded ? std::move(loaded->archive) : parse_checkpoint(bytes, name); });
  return archive;
}

Archive load_together(const std::string& path, const Communicator& comm) {
  std::optional<LoadedCheckpoint> loaded;
  run_together(comm, [&] {
    if (comm.rank() == 0) loaded = load_checkpoint(path);
  });
  return *share_checkpoint(std::move(loaded), comm);
}

}  // namespace shoal
