// Models, and curves, for other programs.
#include <fmt/format.h>

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/infer/export_c.hpp"
#include "shoal/infer/export_onnx.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/posix.hpp"
#include "shoal/run/checkpoint_path.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/show/tensorboard.hpp"
#include "shoal/train/checkpoint.hpp"
#include "shoal/train/loaded_checkpoint.hpp"

namespace shoal {
namespace {

std::string said(const TrainedModel& trained) {
  return fmt::format("step {}{}", trained.step,
                     trained.weights.empty() ? std::string() : fmt::format(", weights: {}", trained.weights));
}

/// What is exported.
struct Exported {
  std::string file;
  Archive archive;
  TrainedModel trained;

  Exported(const std::string& path, WhichWeights weights)
      : file(path), archive(load_checkpoint(file).archive), trained(archive, read_model(archive), weights) {}
};

/// Both or neither: a full disk leaves what is there as it is.
void write_both(const std::string& header, const std::string& source, const CSource& made) {
  const auto draft = [](const std::string& path, const std::string& text) {
    return posix::write_draft(posix::temporary_name(path), path, std::as_bytes(std::span(text)));
  };
  posix::Draft of_header = draft(header, made.header);
  posix::Draft of_source = draft(source, made.source);
  posix::settle(of_header, header);
  posix::settle(of_source, source);
  of_header.made.move_to(header);
  of_source.made.move_to(source);
}

void write_c(const ExportRequest& request) {
  if (!request.out.ends_with(".c"))
    throw Error(ExitStatus::usage, fmt::format("{} is no name of a C source; let it end in .c", request.out));
  const std::string header = request.out.substr(0, request.out.size() - 1) + "h";
  const std::string file = checkpoint_file(request.checkpoint);
  for (const std::string& out : {request.out, header}) check_output_file(out, Output::c_source, {file});
  const Exported of(file, request.weights);
  const std::string own = std::filesystem::path(header).stem().string();
  const CSource made = export_c(of.trained, digest(of.archive),
                                request.name.empty() ? c_name_of(request.out) : request.name, own + ".h");
  write_both(header, request.out, made);
  print(fmt::format("{} and {} written: {}\n", request.out, header, said(of.trained)));
}

bool is_test_file(const std::string& name) {
  if (name == "output_0.pb") return true;
  const std::string_view begin = "input_", end = ".pb";
  if (!name.starts_with(begin) || !name.ends_with(end) || name.size() <= begin.size() + end.size()) return false;
  const std::string_view number = std::string_view(name).substr(begin.size(), name.size() - begin.size() - end.size());
  return number.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Of an earlier export, to be removed; `folder` need not be there. @throws Error(usage)  where it holds anything else
std::vector<std::filesystem::path> earlier_test_files(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (!is_test_file(at->path().filename().string()) || !at->is_regular_file(error))
      throw Error(ExitStatus::usage, fmt::format("{} holds {}, which is no test data of an earlier export; name "
                                                 "another file to write, or move that away",
                                                 folder, at->path().filename().string()));
    files.push_back(at->path());
  }
  return files;
}

void write_onnx(const ExportRequest& request) {
  const std::string file = checkpoint_file(request.checkpoint);
  check_output_file(request.out, Output::onnx, {file});
  Exported of(file, request.weights);
  const OnnxOptions options{request.logits, digest(of.archive), of.archive.text(CheckpointNames::config)};
  const std::string folder = request.out + "-test_data";
  std::vector<std::filesystem::path> earlier;
  if (request.check) earlier = earlier_test_files(folder);
  write_text_atomically(request.out, export_onnx(of.trained, options));
  std::string more;
  if (request.check) {
    std::error_code error;
    for (const std::filesystem::path& old : earlier) {  // one of a model with more columns would join the test
      if (!std::filesystem::remove(old, error) && error)
        throw Error(ExitStatus::input_output, fmt::format("cannot remove {}: {}", old.string(), error.message()));
    }
    require_folders(folder);
    for (const OnnxTestFile& test : onnx_test_data(of.trained, options))
      write_text_atomically(fmt::format("{}/{}", folder, test.name), test.bytes);
    more = fmt::format(" and {}/", folder);
  }
  const bool told = request.out.ends_with(".onnx");
  print(fmt::format("{}{} written{}: {}\n", request.out, more,
                    told ? "" : ", as ONNX, though the name does not end in .onnx", said(of.trained)));
}

}  // namespace

ExitStatus execute(const ExportRequest& request, Communicator& world) {
  run_together(world, [&] {
    if (world.rank() != 0) return;
    if (request.kind == "c") return write_c(request);
    if (request.kind == "onnx") return write_onnx(request);
    print(fmt::format("{} written\n", export_events(request.checkpoint, request.out)));
  });
  return ExitStatus::done;
}

}  // namespace shoal
