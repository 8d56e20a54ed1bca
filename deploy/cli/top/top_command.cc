// recbots top RUN_DIR|ADDRESS: a run, live.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "absl/strings/str_join.h"
#include "common/base/command_line.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/role/role_flags.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/status/status_lines.h"
#include "deploy/cli/terminal/full_screen.h"
#include "deploy/cli/terminal/terminal.h"
#include "deploy/cli/top/top_screen.h"
#include "deploy/cli/view/run_source.h"

namespace recbots {
namespace {

constexpr int kPoints = 1000;
constexpr int kCtrlC = 3, kCtrlD = 4, kEscape = 27;
// How soon the screen notices a new size or a signal.
constexpr absl::Duration kLook = absl::Milliseconds(100);

CommandSyntax Syntax() {
  CommandSyntax syntax{"recbots top RUN_DIR|HOST:PORT [flags]; q quits",
                       {{"interval", "SECONDS", "between two looks at the run, 0.1..3600", "1"}},
                       1,
                       "runs"};
  const std::vector<FlagSpec> security = SecurityFlags();
  syntax.flags.insert(syntax.flags.end(), security.begin(), security.end());
  return syntax;
}

// Without a terminal there is nothing to keep up to date.
int PrintOnce(const RunSource& source) {
  const absl::StatusOr<RunView> view = source.Read(kPoints);
  if (!view.ok()) return Fail(view.status(), kExitFailed);
  std::cerr << "recbots: no terminal: this is what recbots status prints\n";
  std::cout << absl::StrJoin(StatusLines(*view, StatusLayout()), "\n") << std::endl;
  return kExitOk;
}

// Follows the run until a key or a signal ends it; returns the exit code.
int Follow(FullScreen& screen, const RunSource& source, RunPoller& poller, Shutdown& shutdown) {
  const bool color = WantsColor(STDOUT_FILENO);
  bool paused = false;
  PolledRun shown = poller.newest();
  while (!shutdown.requested()) {
    if (!paused) shown = poller.newest();
    if (!screen.Show(TopScreen(shown, source.target(), screen.size(), color, paused, Instant::Now())))
      return kExitFailed;
    switch (screen.AwaitKey(kLook)) {
      case 'q':
      case 'Q':
      case kCtrlC:
      case kCtrlD:
      case kEscape:
        return kExitOk;
      case FullScreen::kGone:
        return kExitFailed;
      case 'p':
      case ' ':
        paused = !paused;
        break;
      case 'r':
        paused = false;
        poller.AskNow();
        break;
      default:
        break;
    }
  }
  return kExitInterrupted;
}

int Top(const CommandLine& flags) {
  const absl::StatusOr<RunSource> source = RunSource::Create(flags.positional()[0], flags);
  if (!source.ok()) return Fail(source.status(), kExitBadUsage);
  const absl::StatusOr<double> interval = flags.Number("interval", 0.1, 3600);
  if (!interval.ok()) return Fail(interval.status(), kExitBadUsage);
  // A run that cannot be found is said before the screen is taken, where the message stays.
  if (const absl::StatusOr<RunView> first = source->Read(kPoints); !first.ok())
    return Fail(first.status(), kExitFailed);
  absl::StatusOr<std::unique_ptr<FullScreen>> screen = FullScreen::Take();
  if (!screen.ok()) return PrintOnce(*source);
  Shutdown shutdown;
  RunPoller poller(*source, kPoints, absl::Seconds(*interval));
  const int code = Follow(**screen, *source, poller, shutdown);
  screen->reset();  // Before the poller's last question is awaited.
  return code;
}

}  // namespace

Command TopCommand() {
  return {"top", "RUN_DIR|ADDRESS [flags]", "how a run is, live, for a terminal",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Top); }, Syntax};
}

}  // namespace recbots
