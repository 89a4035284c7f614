#include "tune/decided_rounds.hpp"

#include <cstdint>
#include <sstream>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

/// Places of one line, none where it is not that of this round.
std::vector<Place> parse_round(const std::string& line, std::int64_t round) try {
  const Json json = Json::parse(line);
  if (json.at("round").integer() != round) return {};
  std::vector<Place> places;
  for (const Json& list : json.at("places").items()) {
    Place& place = places.emplace_back();
    for (const Json& u : list.items()) place.push_back(u.number());
  }
  return places;
} catch (const JsonError&) {
  return {};
}

}  // namespace

std::string to_jsonl(const std::vector<std::vector<Place>>& rounds) {
  std::string text;
  for (std::size_t r = 0; r < rounds.size(); ++r) {
    Json places = Json::array();
    for (const Place& place : rounds[r]) places.push(Json(place));
    text += Json::object({{"round", static_cast<std::int64_t>(r) + 1}, {"places", std::move(places)}}).text() + '\n';
  }
  return text;
}

std::vector<std::vector<Place>> parse_rounds(std::string_view text) {
  std::vector<std::vector<Place>> rounds;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::vector<Place> places = parse_round(line, static_cast<std::int64_t>(rounds.size()) + 1);
    if (places.empty()) break;
    rounds.push_back(std::move(places));
  }
  return rounds;
}

std::vector<std::vector<Place>> read_rounds(const std::string& file) try {
  return parse_rounds(read_text(file));
} catch (const Error& e) {
  if (e.status() != ExitStatus::no_input) throw;
  return {};
}

}  // namespace shoal
