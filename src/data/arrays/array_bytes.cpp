#include "array_bytes.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "data/import/input_file.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

class PlainBytes final : public ArrayBytes {
 public:
  explicit PlainBytes(const std::string& path) : file_(path) {}
  std::size_t read(std::int64_t offset, std::span<std::byte> out) override {
    const std::int64_t left = std::max<std::int64_t>(0, file_.size() - offset);
    out = out.first(std::min(out.size(), static_cast<std::size_t>(left)));
    file_.read(offset, out);
    return out.size();
  }
  std::optional<std::int64_t> size() const override { return file_.size(); }
  bool is_plain() const override { return true; }

 private:
  RandomAccessFile file_;
};

class GzipBytes final : public ArrayBytes {
 public:
  explicit GzipBytes(std::string path) : path_(std::move(path)) {}
  std::size_t read(std::int64_t offset, std::span<std::byte> out) override {
    if (file_ == nullptr || offset < at_) {
      file_ = std::make_unique<InputFile>(path_);
      at_ = 0;
    }
    std::vector<std::byte> passed(std::size_t{1} << 16);
    while (at_ < offset) {
      const auto ask = static_cast<std::size_t>(std::min<std::int64_t>(offset - at_, std::int64_t{1} << 16));
      const std::size_t got = file_->read(std::span(passed).first(ask));
      at_ += static_cast<std::int64_t>(got);
      if (got < ask) return 0;
    }
    const std::size_t got = file_->read(out);
    at_ += static_cast<std::int64_t>(got);
    return got;
  }
  std::optional<std::int64_t> size() const override { return std::nullopt; }
  bool is_plain() const override { return false; }

 private:
  std::string path_;
  std::unique_ptr<InputFile> file_;
  std::int64_t at_ = 0;
};

}  // namespace

std::unique_ptr<ArrayBytes> open_bytes(const std::string& path) {
  auto plain = std::make_unique<PlainBytes>(path);
  std::array<std::byte, 2> magic{};
  const bool packed = plain->read(0, magic) == 2 && magic[0] == std::byte{0x1f} && magic[1] == std::byte{0x8b};
  if (packed) return std::make_unique<GzipBytes>(path);
  return plain;
}

}  // namespace shoal
