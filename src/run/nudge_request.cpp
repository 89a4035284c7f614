#include "shoal/run/nudge_request.hpp"

#include <nlohmann/json.hpp>

namespace shoal {
namespace {

using Json = nlohmann::json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n'; }

template <class Read>
auto read_json(const std::string& text, const Read& read) try {
  return read(Json::parse(text));
} catch (const Json::exception& e) {
  throw Error(ExitStatus::bad_data, std::string("not a nudge's request or reply: ") + e.what());
}

}  // namespace

std::string to_json(const NudgeRequestFile& request) {
  Json json{{"owner", request.owner}, {"settings", request.settings}};
  if (request.at_step) json["at_step"] = *request.at_step;
  return dump(json);
}

NudgeRequestFile parse_nudge_request(const std::string& text) {
  return read_json(text, [](const Json& json) {
    NudgeRequestFile request{json.at("owner"), json.at("settings"), {}};
    if (json.contains("at_step")) request.at_step = json.at("at_step").get<std::int64_t>();
    return request;
  });
}

std::string to_json(const NudgeReply& reply) {
  return dump({{"status", static_cast<int>(reply.status)}, {"text", reply.text}});
}

NudgeReply parse_nudge_reply(const std::string& text) {
  return read_json(text, [](const Json& json) {
    return NudgeReply{static_cast<ExitStatus>(json.at("status").get<int>()), json.at("text")};
  });
}

std::filesystem::path requests_folder(const std::string& run) { return std::filesystem::path(run) / "requests"; }

}  // namespace shoal
