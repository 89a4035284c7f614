#include "shoal/run/nudge_request.hpp"

#include <array>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"

namespace shoal {
namespace {

/// What a request says true of.
constexpr std::array<std::pair<RunWish, const char*>, 3> wishes{
    {{RunWish::stop, "stop"}, {RunWish::pause, "pause"}, {RunWish::go_on, "go_on"}}};

template <class Read>
auto read_json(const std::string& text, const Read& read) try {
  return read(Json::parse(text));
} catch (const JsonError& e) {
  throw Error(ExitStatus::bad_data, std::string("not a nudge's request or reply: ") + e.what());
}

}  // namespace

std::string to_json(const NudgeRequestFile& request) {
  Json json = Json::object({{"owner", request.owner}, {"settings", request.settings}});
  if (request.at_step) json.set("at_step", *request.at_step);
  for (const auto& [wish, name] : wishes) {
    if (request.wish == wish) json.set(name, true);
  }
  return json.text() + '\n';
}

NudgeRequestFile parse_nudge_request(const std::string& text) {
  return read_json(text, [](const Json& json) {
    NudgeRequestFile request{json.at("owner").string(), {}, {}, RunWish::nudge};
    for (const Json& setting : json.at("settings").items()) request.settings.push_back(setting.string());
    if (const Json* at_step = json.find("at_step")) request.at_step = at_step->integer();
    for (const auto& [wish, name] : wishes) {
      if (const Json* wished = json.find(name); wished != nullptr && wished->boolean()) request.wish = wish;
    }
    return request;
  });
}

std::string to_json(const NudgeReply& reply) {
  Json json = Json::object({{"status", static_cast<int>(reply.status)}, {"text", reply.text}});
  if (!reply.notes.empty()) json.set("notes", reply.notes);
  return json.text() + '\n';
}

NudgeReply parse_nudge_reply(const std::string& text) {
  return read_json(text, [](const Json& json) {
    NudgeReply reply{static_cast<ExitStatus>(json.at("status").integer()), json.at("text").string()};
    if (const Json* notes = json.find("notes")) {
      for (const Json& note : notes->items()) reply.notes.push_back(note.string());
    }
    return reply;
  });
}

}  // namespace shoal
