// Text and the cells of a terminal that it takes. Texts are UTF-8; colour sequences (ESC [ ... m) take no cell, East
// Asian wide characters two, combining ones none.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace recbots {

// The cells that `text` takes.
int CellsOf(absl::string_view text);
// `text` in at most `cells` cells; what is cut off is marked by an ellipsis. Colours that begin in the text end in it.
std::string CutTo(absl::string_view text, int cells);
// The same, filled up with spaces at the right, or at the left.
std::string PaddedTo(absl::string_view text, int cells);
std::string RightIn(absl::string_view text, int cells);
// Lines of at most `cells` cells, broken between words; a longer word is cut. The text must not have colours.
std::vector<std::string> Wrapped(absl::string_view text, int cells);

// Foreign text, of a file or another program, made harmless for a terminal: control characters, and bytes that are no
// UTF-8, become \xNN.
std::string Harmless(absl::string_view text);

}  // namespace recbots
