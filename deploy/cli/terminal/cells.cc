#include "deploy/cli/terminal/cells.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace recbots {
namespace {

// One piece of a text: a character or a colour sequence.
struct Piece {
  size_t bytes = 1;
  uint32_t code = 0;
  bool valid = true;   // UTF-8
  bool color = false;  // A sequence, which takes no cell.
};

size_t LengthOf(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

Piece CharacterAt(absl::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = LengthOf(first);
  if (length == 0 || length > text.size()) return {1, first, false};
  uint32_t code = length == 1 ? first : first & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return {1, first, false};
    code = code << 6 | (next & 0x3f);
  }
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool valid = code >= kLeast[length] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return valid ? Piece{length, code} : Piece{1, first, false};
}

Piece PieceAt(absl::string_view text) {
  if (absl::StartsWith(text, "\x1b[")) {
    const size_t end = text.find_first_not_of("0123456789;", 2);
    if (end != absl::string_view::npos && text[end] == 'm') return {end + 1, 0, true, true};
  }
  return CharacterAt(text);
}

struct Range {
  uint32_t first, last;
};

template <size_t n>
bool IsIn(uint32_t code, const Range (&ranges)[n]) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [code](const Range& range) { return range.first <= code && code <= range.last; });
}

int WidthOf(const Piece& piece) {
  // Marks that combine with the character before, and characters without a width.
  static constexpr Range kNarrow[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
                                      {0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
                                      {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
  static constexpr Range kWide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
                                    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
                                    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
  if (piece.color) return 0;
  return IsIn(piece.code, kNarrow) ? 0 : IsIn(piece.code, kWide) ? 2 : 1;
}

}  // namespace

int CellsOf(absl::string_view text) {
  int cells = 0;
  while (!text.empty()) {
    const Piece piece = PieceAt(text);
    cells += WidthOf(piece);
    text.remove_prefix(piece.bytes);
  }
  return cells;
}

std::string CutTo(absl::string_view text, int cells) {
  if (CellsOf(text) <= cells) return std::string(text);
  std::string cut;
  bool colored = false;
  for (int used = 0; cells > 0 && !text.empty();) {
    const Piece piece = PieceAt(text);
    if (used + WidthOf(piece) > cells - 1) break;
    used += WidthOf(piece);
    colored |= piece.color;
    absl::StrAppend(&cut, text.substr(0, piece.bytes));
    text.remove_prefix(piece.bytes);
  }
  if (cells > 0) cut += "…";
  return colored ? cut + "\x1b[0m" : cut;
}

std::string PaddedTo(absl::string_view text, int cells) {
  std::string padded = CutTo(text, cells);
  return padded.append(static_cast<size_t>(std::max(0, cells - CellsOf(padded))), ' ');
}

std::string RightIn(absl::string_view text, int cells) {
  const std::string cut = CutTo(text, cells);
  return std::string(static_cast<size_t>(std::max(0, cells - CellsOf(cut))), ' ') + cut;
}

std::vector<std::string> Wrapped(absl::string_view text, int cells) {
  std::vector<std::string> lines;
  std::string line;
  for (const absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    if (!line.empty() && CellsOf(line) + 1 + CellsOf(word) > cells) {
      lines.push_back(std::move(line));
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", CutTo(word, cells));
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

std::string Harmless(absl::string_view text) {
  std::string harmless;
  while (!text.empty()) {
    const Piece piece = CharacterAt(text);
    const bool control = piece.code < 0x20 || (piece.code >= 0x7f && piece.code < 0xa0);
    if (piece.valid && !control) {
      absl::StrAppend(&harmless, text.substr(0, piece.bytes));
    } else {
      for (const char byte : text.substr(0, piece.bytes)) {
        absl::StrAppendFormat(&harmless, "\\x%02x", static_cast<unsigned char>(byte));
      }
    }
    text.remove_prefix(piece.bytes);
  }
  return harmless;
}

}  // namespace recbots
