// Runs the plan of a sweep on a function that another program computes, without training: for comparisons of searches.
//   search_driver SEARCH TRIALS ROUND SEED DIMENSION...
// A dimension is linear:MIN:MAX, log:MIN:MAX, one_minus_log:MIN:MAX, whole:MIN:MAX, log_whole:MIN:MAX or choices:COUNT.
// Each trial of a stage is written as a line of its values (of choices, which one, from 0), and an empty line ends the
// stage; as many scores are then read, a line each, lower is better, nan for a trial that failed.
#include <charconv>
#include <cmath>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "shoal/core/json.hpp"
#include "shoal/tune/search_space.hpp"
#include "tune/search_plan.hpp"

namespace {

using namespace shoal;

std::vector<std::string> parts(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string part; std::getline(stream, part, ':');) result.push_back(part);
  return result;
}

Dimension dimension_of(const std::string& text) {
  const std::vector<std::string> words = parts(text);
  Dimension d{.key = text};
  if (words.at(0) == "choices") {
    d.scale = Scale::choices;
    for (int i = 0; i < std::stoi(words.at(1)); ++i) d.choices.push_back(std::to_string(i));
    return d;
  }
  d.scale = words.at(0) == "one_minus_log"   ? Scale::one_minus_log
            : words.at(0).starts_with("log") ? Scale::log
                                             : Scale::linear;
  d.integer = words.at(0).ends_with("whole");
  d.min = std::stod(words.at(1));
  d.max = std::stod(words.at(2));
  return d;
}

Search search_of(const std::string& word) {
  for (const Search search :
       {Search::random, Search::grid, Search::quasi_random, Search::coarse_to_fine, Search::bayesian, Search::tpe}) {
    if (to_string(search) == word) return search;
  }
  throw std::invalid_argument("no search is called " + word);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 6) {
    std::cerr << "search_driver SEARCH TRIALS ROUND SEED DIMENSION...\n";
    return 64;
  }
  SweepSettings settings;
  settings.search = search_of(argv[1]);
  settings.trials = std::stoll(argv[2]);
  settings.round = std::stoll(argv[3]);
  for (int i = 5; i < argc; ++i) settings.space.push_back(dimension_of(argv[i]));
  SearchPlan plan(settings, std::stoull(argv[4]), 1);
  std::vector<Standing> standings;
  do {
    standings.resize(plan.places().size());
    for (const std::int64_t trial : plan.stage().trials) {
      const Place& place = plan.places()[static_cast<std::size_t>(trial)];
      for (std::size_t d = 0; d < place.size(); ++d)
        std::cout << Json::shortest(number_at(settings.space[d], place[d])).text() << ' ';
      std::cout << '\n';
    }
    std::cout << std::endl;
    for (const std::int64_t trial : plan.stage().trials) {
      std::string line;
      if (!std::getline(std::cin, line)) return 65;
      const double score = std::stod(line);
      standings[static_cast<std::size_t>(trial)] = {plan.stage().rung, std::isnan(score), {score, score}};
    }
  } while (plan.advance(standings));
  return 0;
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 70;
}
