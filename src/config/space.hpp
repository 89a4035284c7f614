#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/toml.hpp"
#include "shoal/config/sweep_settings.hpp"

namespace shoal {

/// [sweep.space] while it is read: one --set after another may change an entry, so that it is a dimension only in the
/// end.
class SpaceReader {
 public:
  /// What is told of the position of a key or value.
  struct Listener {
    std::function<void(const toml::source_position&, const std::string& message)> complain;  ///< throws
    std::function<void(const toml::source_position&, const std::string& key)> note;  ///< that the key is given there
  };

  explicit SpaceReader(const std::vector<Dimension>& before);

  /// Puts `node` at `path` below [sweep.space] ({} for all of it), in place of what was there, and checks names.
  void put(const std::vector<std::string>& path, const toml::node& node, const toml::source_position& key_position,
           const Listener& listener);

  /// @param places  see Config::places
  /// @throws Error(usage)  naming the entry, what it says, and what to write
  std::vector<Dimension> read(const std::map<std::string, std::string>& places) const;

 private:
  void put_entry(std::string key, const std::vector<std::string>& path, const toml::node& node,
                 const toml::source_position& key_position, const Listener& listener);

  toml::table entries_;
};

}  // namespace shoal
