#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace shoal {

/// A text that is no JSON, or a value of another type than was asked for.
class JsonError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A JSON value (RFC 8259). Objects keep the order in which their members were set.
class Json {
 public:
  using Array = std::vector<Json>;
  using Members = std::vector<std::pair<std::string, Json>>;
  /// JSON already, and written as it is.
  struct Verbatim {
    std::string text;
    bool operator==(const Verbatim&) const = default;
  };
  using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Members, Verbatim>;

  Json() = default;  ///< null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array items) : value_(std::move(items)) {}
  template <class T>
  Json(const std::optional<T>& value) {
    if (value) *this = Json(*value);
  }
  template <class T>
  Json(const std::vector<T>& items) : value_(Array(items.begin(), items.end())) {}

  static Json object(Members members = {});
  static Json array(Array items = {}) { return {std::move(items)}; }

  /// A number by its shortest text, without a point where it is whole; with `digits` of its digits alone. Null where it
  /// is not finite.
  static Json shortest(double value, int digits = 0);
  static Json verbatim(std::string text);

  /// @throws JsonError  saying where and what is wrong; also for what nests deeper than 64
  static Json parse(std::string_view text);
  static bool valid(std::string_view text) noexcept;

  /// One line; with an indent a line a member. Doubles as the shortest text that reads back equal, with a point or an
  /// exponent; one that is not finite is null. Bytes that are no UTF-8 become U+FFFD.
  std::string text(int indent = -1) const;

  const Value& value() const { return value_; }
  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }

  /// Of an object: adds a member, or replaces the one of that name.
  Json& set(std::string_view name, Json value);
  /// Of an array.
  Json& push(Json value);

  /// Null where there is none, or this is no object.
  const Json* find(std::string_view name) const;
  /// @throws JsonError  where there is none
  const Json& at(std::string_view name) const;
  const Json& at(std::size_t index) const;
  const Array& items() const;
  const Members& members() const;

  /// @throws JsonError  for a value of another type; a whole number is a double as well
  bool boolean() const;
  std::int64_t integer() const;
  double number() const;
  const std::string& string() const;

  bool operator==(const Json&) const = default;

 private:
  Value value_;
};

}  // namespace shoal
