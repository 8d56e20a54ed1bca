#include "deploy/cli/terminal/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace recbots {
namespace {

absl::string_view Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool IsTerminal(int descriptor) {
  const absl::string_view kind = Variable("TERM");
  return isatty(descriptor) == 1 && !kind.empty() && kind != "dumb";
}

TerminalSize SizeOf(int descriptor) {
  TerminalSize size;
  winsize window = {};
  if (ioctl(descriptor, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 && window.ws_row > 0) {
    size = {window.ws_col, window.ws_row};
  }
  return {std::max(size.columns, 20), std::max(size.rows, 5)};
}

bool WantsColor(int descriptor) { return IsTerminal(descriptor) && Variable("NO_COLOR").empty(); }

std::string Inked(const std::string& text, Ink ink, bool on) {
  const char* code = "";
  switch (ink) {
    case Ink::kPlain:
      return text;
    case Ink::kBold:
      code = "1";
      break;
    case Ink::kDim:
      code = "2";
      break;
    case Ink::kGood:
      code = "32";
      break;
    case Ink::kBad:
      code = "31";
      break;
    case Ink::kWarning:
      code = "33";
      break;
    case Ink::kAccent:
      code = "36";
      break;
  }
  return on && !text.empty() ? absl::StrCat("\x1b[", code, "m", text, "\x1b[0m") : text;
}

}  // namespace recbots
