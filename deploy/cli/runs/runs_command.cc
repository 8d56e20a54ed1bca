// recbots runs [DIR]: the runs below a folder.
#include <unistd.h>

#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/command_line.h"
#include "common/base/program.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/runs/run_table.h"
#include "deploy/cli/terminal/terminal.h"

namespace recbots {
namespace {

constexpr int kColumnsOfAFile = 160;

CommandSyntax Syntax() {
  return {"recbots runs [DIR] [flags]; without DIR those of runs/",
          {{"json", "", "a JSON list of objects instead of a table", ""},
           {"sort", "name|value|updates|duration|size", "by name ascending, else the largest first", "name"}},
          CommandSyntax::kAnyNumber};
}

int List(const CommandLine& flags) {
  if (flags.positional().size() > 1) {
    return Fail(absl::InvalidArgumentError(
                    absl::StrCat(flags.positional().size(), " folders given, want at most 1: ", Syntax().usage)),
                kExitBadUsage);
  }
  const absl::StatusOr<RunOrder> order = ParseRunOrder(flags.value("sort"));
  if (!order.ok()) return Fail(order.status(), kExitBadUsage);
  const std::string root = flags.positional().empty() ? "runs" : flags.positional()[0];
  const absl::StatusOr<std::vector<std::string>> paths = FindRuns(root);
  if (!paths.ok()) return Fail(paths.status(), kExitFailed);
  std::vector<RunFolder> runs;
  for (const std::string& path : *paths) {
    absl::StatusOr<RunFolder> run = ReadRunFolder(path);
    if (run.ok()) runs.push_back(*std::move(run));  // Else somebody has just removed it.
  }
  SortRuns(*order, runs);
  if (flags.has("json")) {
    std::cout << RunsJson(runs).dump(2, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) << "\n";
    return kExitOk;
  }
  if (runs.empty()) {
    std::cout << "no runs below " << root << "\n";
    return kExitOk;
  }
  const int columns = IsTerminal(STDOUT_FILENO) ? SizeOf(STDOUT_FILENO).columns : kColumnsOfAFile;
  for (const std::string& line : RunTable(runs, root, columns, WantsColor(STDOUT_FILENO))) std::cout << line << "\n";
  return kExitOk;
}

}  // namespace

Command RunsCommand() {
  return {"runs", "[DIR] [flags]", "the runs below a folder: how they ended, and how good they are",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, List); }, Syntax};
}

}  // namespace recbots
