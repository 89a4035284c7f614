// The one place that sees the JSON library: its headers cost the compiler more than all the code that uses them.
#include "shoal/core/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace shoal {
namespace {

using Library = nlohmann::ordered_json;

constexpr int deepest = 64;  // who writes more means harm: reading and freeing it would take the whole stack

Json from_library(const Library& from, int depth = 0) {
  if (depth > deepest) throw JsonError("it nests too deeply");
  switch (from.type()) {
    case Library::value_t::boolean: return from.get<bool>();
    case Library::value_t::number_integer: return from.get<std::int64_t>();
    case Library::value_t::number_unsigned: {
      const auto value = from.get<std::uint64_t>();
      if (value <= std::uint64_t{INT64_MAX}) return static_cast<std::int64_t>(value);
      return static_cast<double>(value);
    }
    case Library::value_t::number_float: return from.get<double>();
    case Library::value_t::string: return from.get_ref<const std::string&>();
    case Library::value_t::array: {
      Json::Array items;
      for (const Library& item : from) items.push_back(from_library(item, depth + 1));
      return Json::array(std::move(items));
    }
    case Library::value_t::object: {
      Json::Members members;
      for (const auto& [name, value] : from.items()) members.emplace_back(name, from_library(value, depth + 1));
      return Json::object(std::move(members));
    }
    default: return {};
  }
}

/// Lists and objects; the library has what is inside them.
class Writer {
 public:
  explicit Writer(int indent) : indent_(indent) {}

  void operator()(std::monostate) { text += "null"; }
  void operator()(const Json::Verbatim& value) { text += value.text; }
  void operator()(const auto& value) { text += Library(value).dump(-1, ' ', false, Library::error_handler_t::replace); }
  void operator()(const Json::Array& items) {
    put_all('[', items, ']', [this](const Json& item) { std::visit(*this, item.value()); });
  }
  void operator()(const Json::Members& members) {
    put_all('{', members, '}', [this](const auto& member) {
      (*this)(member.first);
      text += indent_ < 0 ? ":" : ": ";
      std::visit(*this, member.second.value());
    });
  }

  std::string text;

 private:
  void put_all(char open, const auto& all, char close, const auto& put) {
    text += open;
    ++depth_;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0) text += ',';
      break_line();
      put(all[i]);
    }
    --depth_;
    if (!all.empty()) break_line();
    text += close;
  }
  void break_line() {
    if (indent_ >= 0) text += '\n' + std::string(static_cast<std::size_t>(depth_ * indent_), ' ');
  }

  int indent_;
  int depth_ = 0;
};

template <class Value>
const Value& get(const auto& variant, const char* what) {
  if (const auto* value = std::get_if<Value>(&variant)) return *value;
  throw JsonError(std::string("not ") + what);
}

}  // namespace

Json Json::object(Members members) {
  Json json;
  json.value_ = std::move(members);
  return json;
}

Json Json::shortest(double value, int digits) {
  if (!std::isfinite(value)) return {};
  return verbatim(digits == 0 ? fmt::format("{}", value) : fmt::format("{:.{}g}", value, digits));
}

Json Json::verbatim(std::string text) {
  Json json;
  json.value_ = Verbatim{std::move(text)};
  return json;
}

Json Json::parse(std::string_view text) try {
  return from_library(Library::parse(text));
} catch (const Library::exception& e) {
  throw JsonError(e.what());
}

bool Json::valid(std::string_view text) noexcept { return Library::accept(text); }

std::string Json::text(int indent) const {
  Writer writer(indent);
  std::visit(writer, value_);
  return writer.text;
}

Json& Json::set(std::string_view name, Json value) {
  auto& members = const_cast<Members&>(this->members());
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.first == name; });
  if (found != members.end()) {
    found->second = std::move(value);
  } else {
    members.emplace_back(std::string(name), std::move(value));
  }
  return *this;
}

Json& Json::push(Json value) {
  const_cast<Array&>(items()).push_back(std::move(value));
  return *this;
}

const Json* Json::find(std::string_view name) const {
  const auto* members = std::get_if<Members>(&value_);
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->begin(), members->end(), [&](const auto& m) { return m.first == name; });
  return found == members->end() ? nullptr : &found->second;
}

const Json& Json::at(std::string_view name) const {
  if (const Json* found = find(name)) return *found;
  throw JsonError("no \"" + std::string(name) + "\"");
}

const Json& Json::at(std::size_t index) const {
  if (index < items().size()) return items()[index];
  throw JsonError("fewer than " + std::to_string(index + 1) + " items");
}

const Json::Array& Json::items() const { return get<Array>(value_, "an array"); }
const Json::Members& Json::members() const { return get<Members>(value_, "an object"); }
bool Json::boolean() const { return get<bool>(value_, "true or false"); }
std::int64_t Json::integer() const { return get<std::int64_t>(value_, "a whole number"); }
double Json::number() const { return is_integer() ? static_cast<double>(integer()) : get<double>(value_, "a number"); }
const std::string& Json::string() const { return get<std::string>(value_, "a string"); }

}  // namespace shoal
