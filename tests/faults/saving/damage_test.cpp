// Checkpoints that are damaged, of something else, or made to harm: refused with bad_data and one line.
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <iostream>
#include <limits>
#include <random>
#include <set>

#include "campaign.hpp"
#include "io/checkpoint_header.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/checkpoint.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

using Bytes = std::vector<std::byte>;
using tests::campaign;
using tests::count_or;
using tests::real_checkpoint;
using tests::refusal;

/// Memory beyond which nothing may be taken for a file of some 30 KB. (Sanitizers, which take terabytes of
/// addresses, have no such limit; AddressSanitizer has one of its own, max_allocation_size_mb.)
class MemoryLimit {
 public:
  MemoryLimit() {
#ifndef SHOAL_SANITIZED
    ::getrlimit(RLIMIT_AS, &before_);
    rlimit limit = before_;
    limit.rlim_cur = rlim_t{1} << 30;
    ::setrlimit(RLIMIT_AS, &limit);
#endif
  }
  ~MemoryLimit() {
#ifndef SHOAL_SANITIZED
    ::setrlimit(RLIMIT_AS, &before_);
#endif
  }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  [[maybe_unused]] rlimit before_{};
};

/// Runs `make(generator, number)` and expects each file to be refused.
template <class Make>
void expect_all_refused(const std::string& kind, const Make& make) {
  const int count = count_or(200);
  real_checkpoint();  // before memory is short
  const MemoryLimit limit;
  std::set<std::string> reasons;
  int refused = 0;
  for (int i = 0; i < count; ++i) {
    std::mt19937 generator(campaign().seed * 1000003U + static_cast<std::uint32_t>(i));
    const std::string line = refusal(make(generator, i));
    EXPECT_NE(line, "") << kind << " number " << i << " was taken";
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    if (!line.empty()) ++refused;
    if (reasons.size() < 1000) reasons.insert(line);
  }
  std::cout << kind << ": " << refused << " of " << count << " refused, by " << reasons.size() << " different lines\n";
}

std::size_t below(std::mt19937& generator, std::size_t end) { return generator() % end; }
unsigned up_to(std::mt19937& generator, unsigned most) { return 1 + static_cast<unsigned>(generator() % most); }

TEST(Damage, OfOneBitIsFoundOrWithoutEffect) {
  const Bytes& whole = real_checkpoint();
  const Archive expected = tests::use_checkpoint(whole);
  const int count = count_or(10000);
  std::mt19937 generator(campaign().seed);
  int found = 0;
  int harmless = 0;
  for (int i = 0; i < count; ++i) {
    Bytes flipped = whole;
    const std::size_t bit = below(generator, whole.size() * 8);
    flipped[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
    try {
      const Archive read = tests::use_checkpoint(flipped);
      const bool same = digest(read) == digest(expected) && read.arrays == expected.arrays &&
                        read.texts == expected.texts && read.attributes == expected.attributes;
      EXPECT_TRUE(same) << "bit " << bit << " changes what is read, and nobody says so";
      harmless += same ? 1 : 0;
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), ExitStatus::bad_data) << error.what();
      ++found;
    }
  }
  std::cout << found << " of " << count << " flipped bits found, " << harmless << " without effect\n";
  EXPECT_EQ(found + harmless, count);
}

TEST(Damage, CutShort) {
  expect_all_refused("cut short", [](std::mt19937& generator, int) {
    Bytes bytes = real_checkpoint();
    bytes.resize(below(generator, bytes.size()));
    return bytes;
  });
}

TEST(Damage, Garbage) {
  expect_all_refused("garbage", [](std::mt19937& generator, int number) {
    Bytes bytes = number % 2 == 0 ? Bytes(below(generator, 20000)) : real_checkpoint();
    const std::size_t first = number % 4 == 1 ? 8 : 0;  // behind the magic
    const std::size_t last = number % 4 == 3 ? checkpoint_header_bytes : bytes.size();
    for (std::size_t i = first; i < std::min(last, bytes.size()); ++i) bytes[i] = static_cast<std::byte>(generator());
    return bytes;
  });
}

/// Gives the file a header that says the truth, whatever the image is.
Bytes sealed(Bytes bytes, std::uint64_t step = 3) {
  write_checkpoint_header(bytes, step);
  return bytes;
}

TEST(Damage, OtherVersion) {
  expect_all_refused("other version", [](std::mt19937& generator, int number) {
    const std::uint32_t version = 1 + up_to(generator, 1000000);
    if (number % 2 == 0) return tests::with_header_version(real_checkpoint(), version);
    Archive archive = decode(real_checkpoint(), "c.h5");
    archive.attributes["format_version"] = std::int64_t{version};
    return encode(archive, 3);
  });
}

TEST(Damage, OtherModel) {
  expect_all_refused("other model", [](std::mt19937& generator, int number) {
    Archive archive = decode(real_checkpoint(), "c.h5");
    // Older checkpoints do not have them.
    std::erase_if(archive.arrays, [](const NamedArray& one) {
      return one.path == "progress/least_loss" || one.path == "progress/best_score" ||
             one.path == "progress/epoch_weight";
    });
    NamedArray& array = archive.arrays[below(generator, archive.arrays.size())];
    switch (number % 4) {
      case 0: archive.arrays.erase(archive.arrays.begin() + (&array - archive.arrays.data())); break;
      case 1: archive.put(make_array<float>(array.path, {0}, {})); break;
      case 2: {
        const std::vector<float> values(1 + below(generator, 500));
        array = make_array<float>(array.path, {1, static_cast<std::int64_t>(values.size()), 1}, std::span(values));
        break;
      }
      default: {
        constexpr const char* keys[] = {"inputs", "outputs"};
        archive.attributes[keys[below(generator, 2)]] =
            static_cast<std::int64_t>(generator()) - (std::int64_t{1} << 31);
      }
    }
    return encode(archive, 3);
  });
}

/// What rows and labels are later trusted to fit. The model has 4 inputs and 3 outputs, for 3 classes.
TEST(Damage, DescriptionsThatDoNotFit) {
  const auto expect_refused = [](const std::string& words, const std::function<void(Archive&)>& change) {
    Archive archive = decode(real_checkpoint(), "c.h5");
    change(archive);
    const std::string line = refusal(encode(archive, 3));
    EXPECT_NE(line.find(words), std::string::npos) << line << " / " << words;
  };
  const auto set_classes = [](Archive& archive, std::int64_t classes, std::vector<std::string> names) {
    archive.attributes["classes"] = classes;
    archive.attributes["class_names"] = std::move(names);
  };
  expect_refused("4 classes with 4 names", [&](Archive& archive) { set_classes(archive, 4, {"a", "b", "c", "d"}); });
  expect_refused("3 classes with 2 names", [&](Archive& archive) { set_classes(archive, 3, {"a", "b"}); });
  expect_refused("-1 classes", [&](Archive& archive) { set_classes(archive, -1, {}); });
  expect_refused("2097152 classes with 0 names", [](Archive& archive) {
    archive.attributes["classes"] = std::int64_t{1} << 21;
    archive.attributes.erase("class_names");
  });
  const std::vector<std::vector<std::int64_t>> shapes{{5}, {2, 3}, {}, {0, 4}, {-2, -2}, {std::int64_t{1} << 62, 4, 4}};
  for (const std::vector<std::int64_t>& shape : shapes) {
    expect_refused("are not its 4 inputs", [&](Archive& archive) { archive.attributes["shape"] = shape; });
  }
  for (const char* path : {"normalization/mean", "normalization/deviation"}) {
    const std::vector<double> values(3, 1.0);
    expect_refused("does not fit 4 inputs",
                   [&](Archive& archive) { archive.put(make_array<double>(path, {3}, std::span(values))); });
  }
  expect_refused("normalisation \"odd\"", [](Archive& archive) { archive.texts["normalization/mode"] = "odd"; });
  expect_refused("cannot be", [](Archive& archive) {
    archive.put(make_scalar("progress/step", std::numeric_limits<std::int64_t>::max()));
  });
}

/// As it is written where there are too many names for an attribute.
TEST(Damage, ClassesWithoutNamesAreNumbered) {
  Archive archive = decode(real_checkpoint(), "c.h5");
  archive.attributes.erase("class_names");
  EXPECT_EQ(refusal(encode(archive, 3)), "");
  EXPECT_EQ(read_description(archive).class_names, (std::vector<std::string>{"0", "1", "2"}));
}

/// Memory goes with the rows that there are, whatever a config in a file says of batches.
TEST(Damage, ALeafThatNoMemoryHoldsTakesNone) {
  Archive archive = decode(real_checkpoint(), "c.h5");
  std::string& config = archive.texts.at("config");
  for (const auto& [from, to] :
       {std::pair{"batch_size = 64", "batch_size = 2147483647"}, {"leaves = 0", "leaves = 1"}}) {
    const std::size_t at = config.find(from);
    ASSERT_NE(at, std::string::npos) << config;
    config.replace(at, std::strlen(from), to);
  }
  const tests::TemporaryFolder folder;
  write_atomically(folder / "c.h5", encode(archive, 3));
  Communicator comm;
  const MemoryLimit limit;
  EXPECT_EQ(DatasetPredictor(folder / "c.h5", comm).step(), 3);
}

/// An image of `fill`, as HDF5 makes it.
Bytes image_of(const std::function<void(hid_t)>& fill) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 1 << 16, 0);
  const hid_t file = H5Fcreate("hostile", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  fill(file);
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  Bytes bytes(checkpoint_header_bytes + static_cast<std::size_t>(size));
  H5Fget_file_image(file, bytes.data() + checkpoint_header_bytes, static_cast<std::size_t>(size));
  H5Fclose(file);
  H5Pclose(access);
  return sealed(bytes);
}

hid_t odd_type(std::mt19937& generator) {
  switch (generator() % 6) {
    case 0: return H5Tcopy(H5T_IEEE_F32LE);
    case 1: return H5Tcopy(H5T_STD_I64LE);
    case 2: return H5Tcreate(H5T_OPAQUE, 1 + generator() % 100000);
    case 3: {
      const hid_t type = H5Tcopy(H5T_C_S1);
      H5Tset_size(type, generator() % 2 == 0 ? H5T_VARIABLE : 1 + generator() % (1U << 30));
      return type;
    }
    case 4: return H5Tvlen_create(H5T_STD_I32LE);
    default: {
      const hsize_t extents[1] = {1 + generator() % 100000};
      return H5Tarray_create2(H5T_IEEE_F64LE, 1, extents);
    }
  }
}

TEST(Damage, HostileSizes) {
  expect_all_refused("hostile sizes", [](std::mt19937& generator, int) {
    return image_of([&](hid_t file) {
      for (unsigned n = up_to(generator, 3); n > 0; --n) {
        std::vector<hsize_t> extents(1 + generator() % 8);
        for (hsize_t& extent : extents) extent = hsize_t{1} << (generator() % (62 / extents.size()));
        extents[0] = std::max(extents[0], hsize_t{1} << 20);
        const hid_t type = odd_type(generator);
        const hid_t space = H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
        std::string name = "x";
        name += std::to_string(n);
        const hid_t array = H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        if (array >= 0) H5Dclose(array);
        H5Sclose(space);
        H5Tclose(type);
      }
    });
  });
}

TEST(Damage, HostileLinksAndStorage) {
  expect_all_refused("hostile links and storage", [](std::mt19937& generator, int number) {
    return image_of([&](hid_t file) {
      H5Gclose(H5Gcreate2(file, "parameters", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
      std::string name = generator() % 2 == 0 ? "parameters/" : "";
      name += std::to_string(generator());
      const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
      const hsize_t extents[2] = {1 + generator() % 50, 1 + generator() % 50};
      const hid_t space = H5Screate_simple(2, extents, nullptr);
      switch (number % 7) {
        case 0: H5Lcreate_soft("/etc/passwd", file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT); break;
        case 1: H5Lcreate_external("/etc/passwd", "/x", file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT); break;
        case 2: H5Lcreate_hard(file, "parameters", file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT); break;
        case 3: H5Pset_external(creation, "/dev/zero", 0, extents[0] * extents[1] * 4); break;
        case 4: H5Pset_virtual(creation, space, "/etc/passwd", "/x", space); break;
        case 5: {
          H5Pset_chunk(creation, 2, extents);
          H5Pset_deflate(creation, up_to(generator, 9));
          break;
        }
        default: {
          const hid_t type = odd_type(generator);
          H5Tcommit2(file, name.c_str(), type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
          H5Tclose(type);
        }
      }
      if (number % 7 >= 3 && number % 7 <= 5)
        H5Dclose(H5Dcreate2(file, name.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
      H5Sclose(space);
      H5Pclose(creation);
    });
  });
}

/// Addresses, sizes and counts of HDF5's own structures, which mostly lie at multiples of 8 bytes.
std::uint64_t hostile_number(std::mt19937& generator, const Bytes& file) {
  std::uint64_t number = ~std::uint64_t{0};
  switch (generator() % 4) {
    case 0: return number >> (generator() % 64);
    case 1: return std::uint64_t{1} << (generator() % 64);
    case 2: return below(generator, file.size());
    default: std::memcpy(&number, file.data() + 8 * below(generator, file.size() / 8), sizeof number); return number;
  }
}

TEST(Damage, HostileStructure) {
  const int count = count_or(2000);
  const Bytes& whole = real_checkpoint();
  const MemoryLimit limit;
  int refused = 0;
  for (int i = 0; i < count; ++i) {
    std::mt19937 generator(campaign().seed * 1000003U + static_cast<std::uint32_t>(i));
    Bytes bytes = whole;
    for (unsigned changes = up_to(generator, 4); changes > 0; --changes) {
      const std::uint64_t number = hostile_number(generator, whole);
      const std::size_t first = checkpoint_header_bytes / 8;
      std::memcpy(bytes.data() + 8 * (first + below(generator, whole.size() / 8 - first)), &number, sizeof number);
    }
    const std::string line = refusal(sealed(bytes));  // empty where nothing that counts was changed, or a weight
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    if (!line.empty()) ++refused;
  }
  std::cout << "hostile structure: " << refused << " of " << count << " refused, the others read\n";
  EXPECT_GT(refused, count / 4);
}

}  // namespace
}  // namespace shoal
