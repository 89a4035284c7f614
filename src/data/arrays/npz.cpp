#include "npz.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "data/refuse.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

// Source: PKWARE, .ZIP File Format Specification (APPNOTE) 6.3.9.
constexpr std::uint32_t end_mark = 0x06054b50;
constexpr std::uint32_t wide_end_mark = 0x06064b50;
constexpr std::uint32_t wide_locator_mark = 0x07064b50;
constexpr std::uint32_t entry_mark = 0x02014b50;
constexpr std::uint32_t local_mark = 0x04034b50;
constexpr std::size_t end_bytes = 22;
constexpr std::size_t wide_locator_bytes = 20;
constexpr std::size_t wide_end_bytes = 56;
constexpr std::size_t entry_bytes = 46;
constexpr std::size_t local_bytes = 30;
constexpr std::int64_t most_directory_bytes = std::int64_t{1} << 26;

std::uint64_t number(std::span<const std::byte> bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t b = width; b-- > 0;) value = value << 8U | static_cast<std::uint64_t>(bytes[at + b]);
  return value;
}

struct Member {
  std::string name;
  std::uint64_t flags = 0;
  std::uint64_t method = 0;
  std::uint64_t checksum = 0;
  std::uint64_t packed = 0;
  std::uint64_t size = 0;
  std::uint64_t place = 0;
};

class ZipFile {
 public:
  explicit ZipFile(const std::string& path) : file_(path) { read_directory(); }

  const Member& member(const std::string& name) const;
  /// Where a member's data begins.
  std::int64_t data_of(const Member& member) const;
  const RandomAccessFile& file() const { return file_; }
  std::string path() const { return file_.path().string(); }

 private:
  std::vector<std::byte> bytes(std::uint64_t offset, std::uint64_t count) const {
    const auto size = static_cast<std::uint64_t>(file_.size());
    if (offset > size || count > size - offset) refuse(path(), "the zip directory lies beyond the file's end");
    std::vector<std::byte> result(count);
    file_.read(static_cast<std::int64_t>(offset), result);
    return result;
  }
  void read_directory();
  void read_entries(std::span<const std::byte> directory);

  RandomAccessFile file_;
  std::vector<Member> members_;
};

void ZipFile::read_directory() {
  const auto size = static_cast<std::uint64_t>(file_.size());
  const std::uint64_t tail = std::min<std::uint64_t>(size, end_bytes + 65535);  // behind it a comment
  const std::vector<std::byte> last = bytes(size - tail, tail);
  for (std::size_t at = last.size() < end_bytes ? 0 : last.size() - end_bytes + 1; at-- > 0;) {
    if (number(last, at, 4) != end_mark) continue;
    std::uint64_t directory_bytes = number(last, at + 12, 4);
    std::uint64_t place = number(last, at + 16, 4);
    if (at >= wide_locator_bytes && number(last, at - wide_locator_bytes, 4) == wide_locator_mark) {
      const std::vector<std::byte> wide = bytes(number(last, at - wide_locator_bytes + 8, 8), wide_end_bytes);
      if (number(wide, 0, 4) != wide_end_mark) refuse(path(), "the zip64 directory is damaged");
      directory_bytes = number(wide, 40, 8);
      place = number(wide, 48, 8);
    }
    if (directory_bytes > static_cast<std::uint64_t>(most_directory_bytes))
      refuse(path(),
             fmt::format("a zip directory of {} bytes; {} are the most", directory_bytes, most_directory_bytes));
    return read_entries(bytes(place, directory_bytes));
  }
  refuse(path(), "no NPZ file: no zip directory at its end; save it again with numpy.savez");
}

void ZipFile::read_entries(std::span<const std::byte> directory) {
  constexpr std::uint64_t elsewhere = 0xffffffff;  // the number stands in a field of zip64
  while (directory.size() >= entry_bytes) {
    if (number(directory, 0, 4) != entry_mark) refuse(path(), "the zip directory is damaged");
    Member member{"",
                  number(directory, 8, 2),
                  number(directory, 10, 2),
                  number(directory, 16, 4),
                  number(directory, 20, 4),
                  number(directory, 24, 4),
                  number(directory, 42, 4)};
    const std::size_t name_bytes = number(directory, 28, 2);
    const std::size_t extra_bytes = number(directory, 30, 2);
    const std::size_t all_bytes = entry_bytes + name_bytes + extra_bytes + number(directory, 32, 2);
    if (all_bytes > directory.size()) refuse(path(), "the zip directory is damaged");
    member.name.assign(reinterpret_cast<const char*>(directory.data()) + entry_bytes, name_bytes);
    std::span<const std::byte> extra = directory.subspan(entry_bytes + name_bytes, extra_bytes);
    while (extra.size() >= 4) {
      const std::size_t field_bytes = number(extra, 2, 2);
      if (field_bytes > extra.size() - 4) break;
      const bool wide = number(extra, 0, 2) == 1;
      std::span<const std::byte> field = extra.subspan(4, field_bytes);
      for (std::uint64_t* value : {&member.size, &member.packed, &member.place}) {
        if (!wide || *value != elsewhere || field.size() < 8) continue;
        *value = number(field, 0, 8);
        field = field.subspan(8);
      }
      extra = extra.subspan(4 + field_bytes);
    }
    members_.push_back(std::move(member));
    directory = directory.subspan(all_bytes);
  }
}

const Member& ZipFile::member(const std::string& name) const {
  std::vector<std::string> names;
  const Member* found = nullptr;
  for (const Member& member : members_) {
    if (!name.empty() && (member.name == name || member.name == name + ".npy")) {
      // What is added to an archive leaves there what it stands for.
      if (found != nullptr)
        refuse(path(), fmt::format("two arrays in it are called {}; save it again with one", shown(name)));
      found = &member;
    }
    names.push_back(shown(member.name.ends_with(".npy") ? member.name.substr(0, member.name.size() - 4) : member.name));
  }
  if (found != nullptr) return *found;
  if (name.empty() && members_.size() == 1) return members_.front();
  const std::string all =
      names.empty()
          ? "nothing"
          : fmt::format("{}", fmt::join(std::span(names).first(std::min<std::size_t>(names.size(), 20)), ", "));
  if (name.empty()) refuse(path(), fmt::format("which of its arrays? It holds {}; give {}:NAME", all, path()));
  refuse(path(), fmt::format("no array \"{}\" in it; it holds {}", shown(name), all));
}

std::int64_t ZipFile::data_of(const Member& member) const {
  if ((member.flags & 1U) != 0) refuse(path(), fmt::format("{} is encrypted; save it without", shown(member.name)));
  if (member.method != 0 && member.method != 8)
    refuse(path(), fmt::format("{} is compressed by method {}; numpy.savez_compressed uses 8", shown(member.name),
                               member.method));
  const std::vector<std::byte> local = bytes(member.place, local_bytes);
  if (number(local, 0, 4) != local_mark) refuse(path(), fmt::format("{}: damaged zip header", shown(member.name)));
  const std::uint64_t begin = member.place + local_bytes + number(local, 26, 2) + number(local, 28, 2);
  const auto size = static_cast<std::uint64_t>(file_.size());
  if (begin > size || member.packed > size - begin || (member.method == 0 && member.packed != member.size) ||
      member.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    refuse(path(), fmt::format("{} is cut short; save it again", shown(member.name)));
  return static_cast<std::int64_t>(begin);
}

/// What deflate made of a run of a file's bytes, from the start on.
class Inflating {
 public:
  Inflating(const RandomAccessFile& file, std::int64_t begin, std::uint64_t packed)
      : file_(&file), at_(begin), left_(packed), piece_(std::size_t{1} << 18) {
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  Inflating(const Inflating&) = delete;
  Inflating& operator=(const Inflating&) = delete;
  ~Inflating() { inflateEnd(&stream_); }

  /// Fewer bytes than asked for where the data ends or is damaged.
  std::size_t read(std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size() && !ended_) {
      if (stream_.avail_in == 0 && left_ > 0) {
        const std::size_t ask = std::min<std::uint64_t>(left_, piece_.size());
        file_->read(at_, std::span(piece_).first(ask));
        at_ += static_cast<std::int64_t>(ask);
        left_ -= ask;
        stream_.next_in = reinterpret_cast<Bytef*>(piece_.data());
        stream_.avail_in = static_cast<unsigned>(ask);
      }
      const auto room = static_cast<unsigned>(std::min<std::size_t>(out.size() - done, std::size_t{1} << 30));
      stream_.next_out = reinterpret_cast<Bytef*>(out.data()) + done;
      stream_.avail_out = room;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      done += room - stream_.avail_out;
      ended_ = result != Z_OK;
    }
    return done;
  }

 private:
  const RandomAccessFile* file_;
  std::int64_t at_;
  std::uint64_t left_;
  std::vector<std::byte> piece_;
  z_stream stream_{};
  bool ended_ = false;
};

class MemberBytes final : public ArrayBytes {
 public:
  MemberBytes(const std::string& path, const std::string& name)
      : zip_(path), member_(zip_.member(name)), begin_(zip_.data_of(member_)) {}

  std::size_t read(std::int64_t offset, std::span<std::byte> out) override {
    const auto all = static_cast<std::int64_t>(member_.size);
    const std::int64_t left = std::max<std::int64_t>(0, all - offset);
    out = out.first(std::min(out.size(), static_cast<std::size_t>(left)));
    if (is_plain()) {
      zip_.file().read(begin_ + offset, out);
    } else {
      inflate_to(offset, out);
    }
    add_to_checksum(offset, out);
    return out.size();
  }
  std::optional<std::int64_t> size() const override { return static_cast<std::int64_t>(member_.size); }
  bool is_plain() const override { return member_.method == 0; }

 private:
  [[noreturn]] void refuse_damage() const {
    refuse(zip_.path(), fmt::format("the data of {} is damaged; save it again", shown(member_.name)));
  }
  void inflate_to(std::int64_t offset, std::span<std::byte> out) {
    if (stream_ == nullptr || offset < at_) {
      stream_ = std::make_unique<Inflating>(zip_.file(), begin_, member_.packed);
      at_ = 0;
    }
    std::vector<std::byte> passed(at_ < offset ? std::size_t{1} << 16 : 0);
    while (at_ < offset) {
      const auto ask = static_cast<std::size_t>(std::min<std::int64_t>(offset - at_, std::int64_t{1} << 16));
      if (stream_->read(std::span(passed).first(ask)) < ask) refuse_damage();
      at_ += static_cast<std::int64_t>(ask);
    }
    if (stream_->read(out) < out.size()) refuse_damage();
    at_ += static_cast<std::int64_t>(out.size());
  }
  /// As far as reads go on from the start without a gap.
  void add_to_checksum(std::int64_t offset, std::span<const std::byte> bytes) {
    const std::int64_t known = summed_ - offset;
    if (known < 0 || known >= static_cast<std::int64_t>(bytes.size())) return;
    bytes = bytes.subspan(static_cast<std::size_t>(known));
    sum_ = crc32_z(sum_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    summed_ += static_cast<std::int64_t>(bytes.size());
    if (summed_ == static_cast<std::int64_t>(member_.size) && sum_ != member_.checksum) refuse_damage();
  }

  ZipFile zip_;
  Member member_;
  std::int64_t begin_;
  std::unique_ptr<Inflating> stream_;
  std::int64_t at_ = 0;
  std::int64_t summed_ = 0;
  uLong sum_ = 0;
};

}  // namespace

std::unique_ptr<ArrayBytes> open_npz_member(const std::string& path, const std::string& member) {
  return std::make_unique<MemberBytes>(path, member);
}

}  // namespace shoal
