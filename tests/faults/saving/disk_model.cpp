#include "disk_model.hpp"

#include <fcntl.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace shoal::tests {
namespace fs = std::filesystem;

namespace {

std::string parent(const std::string& path) { return fs::path(path).parent_path().string(); }

}  // namespace

DiskModel::DiskModel(const fs::path& folder) : folder_(folder.string() + "/") {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    auto file = std::make_shared<File>();
    if (entry.is_symlink()) {
      file->target = fs::read_symlink(entry.path()).string();
    } else if (entry.is_regular_file()) {
      std::ifstream in(entry.path(), std::ios::binary);
      file->safe.assign(std::istreambuf_iterator<char>(in), {});
      file->now = file->safe;
    } else {
      continue;
    }
    safe_[inside(entry.path().string())] = file;
  }
  now_ = safe_;
}

std::string DiskModel::inside(const std::string& path) const {
  return path.starts_with(folder_) ? path.substr(folder_.size()) : "";
}

void DiskModel::make(Names& names, const Change& change) {
  if (!change.remove.empty()) names.erase(change.remove);
  if (!change.add.empty()) names[change.add] = change.file;
}

void DiskModel::change(Change change) {
  make(now_, change);
  pending_.push_back(std::move(change));
}

void DiskModel::apply(const Record& r) {
  if (!r.done) return;
  const std::string path = inside(r.path);
  switch (r.call) {
    case Call::open:
      if (path.empty() || (r.flags & O_CREAT) == 0) return;
      if (const auto found = now_.find(path); found != now_.end()) {
        if ((r.flags & O_TRUNC) != 0) found->second->now.clear();
      } else {
        change({"", path, std::make_shared<File>(), parent(path)});
      }
      return;
    case Call::write:
      if (const auto found = now_.find(path); found != now_.end()) found->second->now += r.data;
      return;
    case Call::sync:
      if (r.folder) {
        // A journal that is written holds all names before.
        std::size_t last = 0;
        for (std::size_t i = 0; i < pending_.size(); ++i) {
          if (pending_[i].folder == path) last = i + 1;
        }
        for (std::size_t i = 0; i < last; ++i) make(safe_, pending_[i]);
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(last));
      } else if (const auto found = now_.find(path); found != now_.end()) {
        found->second->safe = found->second->now;
      }
      return;
    case Call::rename: {
      const std::string to = inside(r.to);
      change({path, to, now_.at(path), parent(to)});
      return;
    }
    case Call::symlink: {
      auto link = std::make_shared<File>();
      link->target = r.path;
      const std::string to = inside(r.to);
      change({"", to, std::move(link), parent(to)});
      return;
    }
    case Call::unlink:
      if (now_.contains(path)) change({path, "", nullptr, parent(path)});
      return;
    case Call::close:
    case Call::mkdir: return;
  }
}

void DiskModel::write_state(std::size_t names, Bytes bytes, const fs::path& place) const {
  Names state = safe_;
  for (std::size_t i = 0; i < names; ++i) make(state, pending_[i]);
  for (const auto& [name, file] : state) {
    fs::create_directories((place / name).parent_path());
    if (!file->target.empty()) {
      fs::create_symlink(file->target, place / name);
      continue;
    }
    std::string content = bytes == Bytes::none ? file->safe : file->now;
    if (bytes == Bytes::half && file->now != file->safe)
      content = file->now.substr(
          0, file->safe.size() + (file->now.size() - std::min(file->now.size(), file->safe.size())) / 2);
    std::ofstream(place / name, std::ios::binary) << content;
  }
}

}  // namespace shoal::tests
