#include <fmt/format.h>

#include <filesystem>

#include "io/failure.hpp"
#include "io/format/contents.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {

struct H5Reader::State {
  std::filesystem::path path;
  h5::Contents contents;

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ExitStatus::bad_data, path.string() + ": " + what);
  }
  [[noreturn]] void refuse(const std::string& name, const h5::Member& member) const {
    refuse(fmt::format("{} {}; {}", name, member.refusal, member.remedy));
  }
  const h5::Member* find(const std::string& name) const;
};

namespace {

h5::Contents contents_of(const std::filesystem::path& path) {
  const RandomAccessFile file(path);
  h5::Source source(static_cast<std::uint64_t>(file.size()), [&](std::uint64_t offset, std::span<std::byte> bytes) {
    file.read(static_cast<std::int64_t>(offset), bytes);
  });
  try {
    return h5::read_contents(source, h5::VariableTexts::read);
  } catch (const h5::Foreign& foreign) {
    throw Error(ExitStatus::bad_data, fmt::format("{} {}; {}", path.string(), foreign.what(), foreign.remedy()));
  } catch (const h5::Failure& failure) {
    throw Error(ExitStatus::bad_data,
                fmt::format("{} is damaged: {}; get or make it again", path.string(), failure.what()));
  }
}

/// Without the slash in front; "" is the root.
std::string relative(const std::string& path) { return path.substr(path.empty() || path.front() != '/' ? 0 : 1); }

}  // namespace

std::int64_t ArrayInfo::row_elements() const {
  std::int64_t elements = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) elements *= shape[i];
  return elements;
}

std::int64_t ArrayInfo::row_bytes() const { return row_elements() * static_cast<std::int64_t>(element_bytes(type)); }

H5Reader::H5Reader(std::filesystem::path path) {
  h5::Contents contents = contents_of(path);
  state_ = std::make_unique<State>(State{std::move(path), std::move(contents)});
}

H5Reader::H5Reader(H5Reader&&) noexcept = default;
H5Reader& H5Reader::operator=(H5Reader&&) noexcept = default;
H5Reader::~H5Reader() = default;

const std::filesystem::path& H5Reader::path() const { return state_->path; }

/// Null where there is no such member. Asked part by part: there may be a link in between.
const h5::Member* H5Reader::State::find(const std::string& name) const {
  const std::string full = relative(name);
  for (auto slash = full.find('/');; slash = full.find('/', slash + 1)) {
    const auto found = contents.members.find(full.substr(0, slash));
    if (found == contents.members.end()) return nullptr;
    if (found->second.kind == h5::Member::Kind::other) refuse(found->first, found->second);
    if (slash == std::string::npos) return &found->second;
  }
}

bool H5Reader::contains(const std::string& path) const { return state_->find(path) != nullptr; }

bool H5Reader::is_group(const std::string& path) const {
  const h5::Member* member = state_->find(path);
  return member != nullptr && member->kind == h5::Member::Kind::group;
}

std::vector<std::string> H5Reader::list(const std::string& group) const {
  if (!is_group(group)) state_->refuse("there is no group " + group);
  std::string prefix = relative(group);
  if (!prefix.empty()) prefix += '/';
  std::vector<std::string> names;
  const auto& members = state_->contents.members;
  for (auto member = members.lower_bound(prefix); member != members.end(); ++member) {
    if (!member->first.starts_with(prefix)) break;
    std::string name = member->first.substr(prefix.size());
    if (!name.empty() && name.find('/') == std::string::npos) names.push_back(std::move(name));
  }
  return names;
}

ArrayInfo H5Reader::array(const std::string& path) const {
  const h5::Member* member = state_->find(path);
  if (member == nullptr || member->kind == h5::Member::Kind::group) state_->refuse("there is no array " + path);
  if (!member->refusal.empty()) state_->refuse(path, *member);
  if (member->kind != h5::Member::Kind::array) state_->refuse("there is no array " + path + ", but a text");
  return {member->type, member->shape, static_cast<std::int64_t>(member->offset),
          static_cast<std::int64_t>(member->bytes)};
}

std::optional<std::vector<std::byte>> H5Reader::bytes(const std::string& path) const {
  const h5::Member* member = state_->find(path);
  if (member == nullptr || member->kind != h5::Member::Kind::array || !member->refusal.empty() ||
      member->type != ElementType::uint8 || member->shape.size() != 1)
    return std::nullopt;
  std::vector<std::byte> content(member->bytes);
  RandomAccessFile(state_->path).read(static_cast<std::int64_t>(member->offset), content);
  return content;
}

template <class T>
std::optional<T> H5Reader::attribute(const std::string& name) const {
  const auto found = state_->contents.attributes.find(name);
  if (found == state_->contents.attributes.end()) return std::nullopt;
  if (const std::optional<Attribute>& value = found->second) {
    if (const T* same = std::get_if<T>(&*value)) return *same;
    if constexpr (std::is_same_v<T, double>) {
      if (const auto* whole = std::get_if<std::int64_t>(&*value)) return static_cast<double>(*whole);
    }
  }
  state_->refuse("the attribute " + name + " is of another type than shoal writes");
}

template std::optional<std::int64_t> H5Reader::attribute(const std::string&) const;
template std::optional<double> H5Reader::attribute(const std::string&) const;
template std::optional<std::string> H5Reader::attribute(const std::string&) const;
template std::optional<std::vector<std::int64_t>> H5Reader::attribute(const std::string&) const;
template std::optional<std::vector<std::string>> H5Reader::attribute(const std::string&) const;

}  // namespace shoal
