// Scans JSON (RFC 8259) from front to end, without building anything.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace recbots {

// A position in a text. The functions say false where the text is no JSON; at() is then near the place. Never reads
// outside of the text.
class JsonScanner {
 public:
  explicit JsonScanner(absl::string_view text) : text_(text) {}

  size_t at() const { return at_; }
  // The next byte that is no space; 0 at the end.
  char Peek();
  // Passes over spaces and `c`; false if something else comes.
  bool Take(char c);
  // Whether nothing but spaces is left.
  bool AtEnd() { return Peek() == 0 && at_ == text_.size(); }

  // A string, without its quotes. If it has escapes, it is decoded behind what `decoded` holds, which is not
  // reallocated if it has room for the whole text; otherwise `value` is a part of the text.
  bool TakeString(std::string& decoded, absl::string_view& value);
  // A number, true, false or null, as it is written.
  bool TakeScalar(absl::string_view& value);

 private:
  bool TakeEscape(std::string& decoded);
  bool TakeHex(unsigned& code);

  const absl::string_view text_;
  size_t at_ = 0;
};

}  // namespace recbots
