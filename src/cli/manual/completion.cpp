#include "cli/manual/completion.hpp"

#include <variant>

#include "shoal/config/keys.hpp"

namespace shoal {

std::vector<KeyText> key_texts() {
  std::vector<KeyText> texts;
  Config any;
  for (const config_keys::Key& key : config_keys::keys()) {
    KeyText text{key.name,
                 config_keys::about(key),
                 {},
                 (key.flags & config_keys::nudge) != 0,
                 (key.flags & config_keys::path) != 0};
    if (key.allowed.words) text.words = key.allowed.words();
    if (std::holds_alternative<bool*>(key.reference(any))) text.words = {"true", "false"};
    texts.push_back(std::move(text));
  }
  return texts;
}

std::string filled_in(std::string text, const std::string& mark, const std::string& value) {
  text.replace(text.find(mark), mark.size(), value);
  return text;
}

}  // namespace shoal
