// What a terminal is like: its size, and whether it shall be coloured.
#pragma once

#include <string>

namespace recbots {

struct TerminalSize {
  int columns = 80;
  int rows = 24;
};

// Whether the descriptor belongs to a terminal on which a line can be written over: TERM is neither empty nor "dumb".
bool IsTerminal(int descriptor);
// Its size; 80 x 24 where the system does not say, and at least 20 x 5.
TerminalSize SizeOf(int descriptor);
// Whether output there shall have colours: it is a terminal, and NO_COLOR (no-color.org) is not set, or empty.
bool WantsColor(int descriptor);

// Colours of text. Without `on` the text stays as it is.
enum class Ink { kPlain, kBold, kDim, kGood, kBad, kWarning, kAccent };
std::string Inked(const std::string& text, Ink ink, bool on);

}  // namespace recbots
