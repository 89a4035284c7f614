#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace shoal::h5 {

/// What is wrong with a file, or what was tried and HDF5's own innermost reason. Internal to io: it becomes an Error
/// that names the file in the public functions.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file, or a member of one, that may be sound but is not of the kind that shoal reads.
class Foreign : public Failure {
 public:
  Foreign(const std::string& what, std::string remedy) : Failure(what), remedy_(std::move(remedy)) {}
  const std::string& remedy() const { return remedy_; }

 private:
  std::string remedy_;
};

}  // namespace shoal::h5
