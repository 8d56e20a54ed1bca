// recbots status RUN_DIR|ADDRESS: a run on one screen.
#include <unistd.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/command_line.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/role/role_flags.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/status/status_lines.h"
#include "deploy/cli/terminal/terminal.h"
#include "deploy/cli/view/run_source.h"

namespace recbots {
namespace {

constexpr int kPoints = 400;

CommandSyntax Syntax() {
  CommandSyntax syntax{"recbots status RUN_DIR|HOST:PORT [flags]",
                       {{"json", "", "one JSON object instead of a screen; with --watch one a line", ""},
                        {"watch", "", "show it again and again, until the run ends or Ctrl-C", ""},
                        {"interval", "SECONDS", "between two looks of --watch, 0.1..3600", "2"}},
                       1,
                       "runs"};
  const std::vector<FlagSpec> security = SecurityFlags();
  syntax.flags.insert(syntax.flags.end(), security.begin(), security.end());
  return syntax;
}

void Print(const RunView& view, bool json) {
  if (json) {
    std::cout << ViewJson(view).dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) << std::endl;
    return;
  }
  StatusLayout layout;
  if (IsTerminal(STDOUT_FILENO)) layout.columns = SizeOf(STDOUT_FILENO).columns;
  layout.color = WantsColor(STDOUT_FILENO);
  std::cout << absl::StrJoin(StatusLines(view, layout), "\n") << std::endl;
}

int Watch(const RunSource& source, bool json, absl::Duration interval) {
  Shutdown shutdown;
  bool first = true;
  while (std::cout) {
    const absl::StatusOr<RunView> view = source.Read(kPoints);
    if (!view.ok()) return Fail(view.status(), kExitFailed);
    const bool live = view->stage == RunView::Stage::kRuns;
    // A screen of its own on a terminal; in a file they follow each other.
    if (!json) std::cout << (IsTerminal(STDOUT_FILENO) ? "\x1b[H\x1b[2J" : first ? "" : "\n");
    first = false;
    Print(*view, json);
    if (!live) return kExitOk;
    if (shutdown.AwaitFor(interval)) return kExitInterrupted;
  }
  return kExitOk;
}

int Show(const CommandLine& flags) {
  const absl::StatusOr<RunSource> source = RunSource::Create(flags.positional()[0], flags);
  if (!source.ok()) return Fail(source.status(), kExitBadUsage);
  const absl::StatusOr<double> interval = flags.Number("interval", 0.1, 3600);
  if (!interval.ok()) return Fail(interval.status(), kExitBadUsage);
  if (flags.has("watch")) return Watch(*source, flags.has("json"), absl::Seconds(*interval));
  const absl::StatusOr<RunView> view = source->Read(kPoints);
  if (!view.ok()) return Fail(view.status(), kExitFailed);
  Print(*view, flags.has("json"));
  return kExitOk;
}

}  // namespace

Command StatusCommand() {
  return {"status", "RUN_DIR|ADDRESS [flags]", "how a run is, on one screen",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Show); }, Syntax};
}

}  // namespace recbots
