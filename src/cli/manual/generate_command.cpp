#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "cli/commands.hpp"
#include "cli/manual/completion.hpp"
#include "cli/manual/man_page.hpp"
#include "cli/output.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::string page_text(const std::string& page, const std::vector<CommandText>& commands) {
  if (page == config_page || page == "config") return config_man_page();
  std::vector<std::string> names;
  for (const CommandText& command : commands) {
    const std::string name = full_name(command, '-');
    if (page == name || "shoal-" + page == name) return man_page(command, commands);
    names.push_back(name);
  }
  const std::string near = nearest_word(page, names);
  throw Error(ExitStatus::usage,
              fmt::format("there is no page {}; {}give one of {}, {}", page,
                          near.empty() ? "" : "did you mean " + near + "? Or ", fmt::join(names, ", "), config_page));
}

void write(const fs::path& file, const std::string& text) {
  require_folders(file.parent_path());
  write_text_atomically(file, text);
}

/// As packages have it below share/.
void write_all(const fs::path& share, const std::vector<CommandText>& commands) {
  for (const CommandText& command : commands)
    write(share / "man/man1" / (full_name(command, '-') + ".1"), man_page(command, commands));
  write(share / "man/man5" / (std::string(config_page) + ".5"), config_man_page());
  write(share / "bash-completion/completions/shoal", bash_completion(commands));
  write(share / "zsh/site-functions/_shoal", zsh_completion(commands));
  write(share / "fish/vendor_completions.d/shoal.fish", fish_completion(commands));
}

std::string generated_text(const GenerateRequest& request) {
  if (request.kind == "man") return page_text(request.page, request.commands);
  if (request.kind == "bash") return bash_completion(request.commands);
  if (request.kind == "zsh") return zsh_completion(request.commands);
  if (request.kind == "fish") return fish_completion(request.commands);
  throw Error(ExitStatus::usage, fmt::format("KIND is \"{}\"; it must be man, bash, zsh, fish or all", request.kind));
}

}  // namespace

ExitStatus execute(const GenerateRequest& request, Communicator& world) {
  run_together(world, [&] {
    if (world.rank() != 0) return;
    if (request.kind == "all") {
      if (request.out == "-")
        throw Error(ExitStatus::usage, "all is several files; name the folder for them with --out DIR");
      write_all(request.out, request.commands);
    } else if (request.out == "-") {
      print(generated_text(request));
    } else {
      write(fs::absolute(request.out), generated_text(request));
    }
  });
  return ExitStatus::done;
}

}  // namespace shoal
