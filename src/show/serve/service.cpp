#include "show/serve/service.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_paths.hpp"
#include "show/serve/page.hpp"
#include "show/serve/run_news.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{60};  // with a run that does not answer: a step may be long
constexpr int most_waiting = 4;               // of the workers; the others go on to answer

HttpAnswer json_answer(const Json& json) { return {200, "application/json", json.text() + '\n'}; }

int status_of(ExitStatus status) {
  switch (status) {
    case ExitStatus::usage: return 400;
    case ExitStatus::no_input: return 404;
    case ExitStatus::stopped: return 504;  // nobody has answered
    default: return 500;
  }
}

/// What a run is asked for by a change.
std::optional<RunWish> wish_of(const std::string& path) {
  if (path == "/api/nudge") return RunWish::nudge;
  if (path == "/api/stop") return RunWish::stop;
  if (path == "/api/pause") return RunWish::pause;
  if (path == "/api/go-on") return RunWish::go_on;
  return std::nullopt;
}

/// Counts for as long as it lives.
class Place {
 public:
  explicit Place(std::atomic<int>& taken) : taken_(taken), free_(++taken <= most_waiting) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --taken_; }
  bool is_free() const { return free_; }

 private:
  std::atomic<int>& taken_;
  bool free_;
};

}  // namespace

Service::Service(const ServeOptions& options, Door door, std::function<bool()> stopped)
    : door_(std::move(door)),
      folder_(options.folder),
      read_only_(options.read_only),
      stopped_(std::move(stopped)),
      list_(options.folder) {}

HttpAnswer Service::answer(const HttpRequest& request) {
  HttpAnswer answer;
  try {
    answer = route(request);
  } catch (const JsonError& e) {
    answer = json_error(400, std::string("this is not the JSON that is asked for: ") + e.what());
  } catch (const Error& e) {
    answer = json_error(status_of(e.status()), e.what());
  } catch (const std::exception& e) {
    answer = json_error(500, e.what());
  }
  add_guards(answer);
  return answer;
}

HttpAnswer Service::route(const HttpRequest& request) {
  if (auto refusal = door_.refuses(request)) return *refusal;
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!request.path.starts_with("/api/")) {
    auto file = page_file(request.path);
    if (!file) return json_error(404, "there is no such page");
    if (!reads) return json_error(405, "this page is read by GET");
    return {200, std::move(file->type), std::move(file->text)};
  }
  if (!door_.knows_token(request))
    return json_error(401,
                      "this needs the token of the link that shoal serve has printed; it is another after each start");
  if (reads) return ask_api(request);
  return request.method == "POST" ? change(request) : json_error(405, "this is asked by GET or POST");
}

HttpAnswer Service::ask_api(const HttpRequest& request) {
  if (request.path == "/api/runs") {
    const std::string given = request.parameter("version");
    std::int64_t version = 0;
    std::from_chars(given.data(), given.data() + given.size(), version);
    Json json = list_.changes_since(version);
    json.set("folder", folder_);
    json.set("read_only", read_only_);
    return json_answer(json);
  }
  if (request.path == "/api/run") {
    const auto folder = list_.folder_of(request.parameter("name"));
    if (!folder) return json_error(404, "there is no run of this name");
    const std::string mark = request.parameter("from");
    Json json = RunDirectory::holds_sweep(*folder) ? sweep_news(*folder, mark) : run_news(*folder, mark);
    json.set("summary", list_.summary_of(request.parameter("name")));
    return json_answer(json);
  }
  return json_error(404, "there is no such question");
}

HttpAnswer Service::change(const HttpRequest& request) {
  const std::optional<RunWish> wish = wish_of(request.path);
  if (!wish) return json_error(404, "there is no such change");
  const bool nudges = *wish == RunWish::nudge;
  if (read_only_) return json_error(403, "this server was started with --read-only");
  const std::string type = in_small_letters(request.header("content-type"));
  if (type != "application/json" && !type.starts_with("application/json;"))
    return json_error(415, "a change is asked for in JSON, with Content-Type application/json");
  const Json asked = Json::parse(request.body);
  const auto folder = list_.folder_of(asked.at("name").string());
  if (!folder) return json_error(404, "there is no run of this name");
  std::vector<std::string> settings;
  std::optional<std::int64_t> at_step;
  if (nudges) {
    for (const Json& setting : asked.at("settings").items()) settings.push_back(setting.string());
    if (const Json* step = asked.find("at_step"); step != nullptr && !step->is_null()) at_step = step->integer();
  }
  const Place place(waiting_);
  if (!place.is_free()) return json_error(503, "others wait for the answer of a run already; try again");
  const Clock::time_point end = Clock::now() + patience;
  const auto cancelled = [&] { return stopped_() || Clock::now() > end; };
  if (!nudges) return json_answer(Json::object({{"said", ask_run(*folder, *wish, cancelled)}}));
  const TakenNudges taken = nudge_run(*folder, settings, at_step, cancelled);
  Json said = Json::array();
  for (const Nudge& nudge : taken.nudges)
    said.push(Json::object({{"step", nudge.step}, {"assignment", nudge.assignment()}}));
  return json_answer(Json::object({{"nudges", std::move(said)}, {"notes", taken.notes}}));
}

}  // namespace shoal
