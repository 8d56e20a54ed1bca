#include "common/log/json_scanner.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"

namespace recbots {
namespace {

// Appends a code point as UTF-8; a half of a surrogate pair becomes U+FFFD.
void AppendUtf8(unsigned code, std::string& out) {
  if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
  const auto byte = [&out](unsigned bits) { out.push_back(static_cast<char>(bits)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xE0 | code >> 12);
    } else {
      byte(0xF0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3F));
    }
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

bool IsNumber(absl::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t start = at;
    while (at < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[at]))) ++at;
    return at - start;
  };
  const auto take = [&](char c) { return at < text.size() && text[at] == c && ++at != 0; };
  take('-');
  const bool zero = at < text.size() && text[at] == '0';
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (take('.') && digits() == 0) return false;
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace

char JsonScanner::Peek() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonScanner::Take(char c) {
  if (Peek() != c || at_ == text_.size()) return false;
  ++at_;
  return true;
}

bool JsonScanner::TakeString(std::string& decoded, absl::string_view& value) {
  if (!Take('"')) return false;
  const size_t start = at_;
  while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') {
    if (static_cast<unsigned char>(text_[at_++]) < 0x20) return false;
  }
  if (at_ == text_.size()) return false;
  if (text_[at_] == '"') {
    value = text_.substr(start, at_++ - start);
    return true;
  }
  const size_t decoded_start = decoded.size();
  decoded.append(text_.data() + start, at_ - start);
  while (at_ < text_.size() && text_[at_] != '"') {
    if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
    if (text_[at_] != '\\') {
      decoded.push_back(text_[at_++]);
    } else if (!TakeEscape(decoded)) {
      return false;
    }
  }
  if (at_ == text_.size()) return false;
  ++at_;
  value = absl::string_view(decoded.data() + decoded_start, decoded.size() - decoded_start);
  return true;
}

bool JsonScanner::TakeEscape(std::string& decoded) {
  static constexpr char kLetters[] = "\"\\/bfnrt";
  static constexpr char kMeanings[] = "\"\\/\b\f\n\r\t";
  ++at_;
  if (at_ == text_.size()) return false;
  const char letter = text_[at_++];
  if (letter == 'u') {
    unsigned code = 0;
    if (!TakeHex(code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const size_t before = at_;
      at_ += 2;
      unsigned low = 0;
      if (!TakeHex(low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = before;
      }
    }
    AppendUtf8(code, decoded);
    return true;
  }
  const char* const found = letter == '\0' ? nullptr : std::strchr(kLetters, letter);
  if (found == nullptr) return false;
  decoded.push_back(kMeanings[found - kLetters]);
  return true;
}

bool JsonScanner::TakeHex(unsigned& code) {
  code = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (at_ == text_.size() || !absl::ascii_isxdigit(static_cast<unsigned char>(text_[at_]))) return false;
    const char c = absl::ascii_tolower(static_cast<unsigned char>(text_[at_]));
    code = code * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return true;
}

bool JsonScanner::TakeScalar(absl::string_view& value) {
  Peek();
  const size_t stop = std::min(text_.find_first_of(",]} \t\r", at_), text_.size());
  value = text_.substr(at_, stop - at_);
  if (value != "true" && value != "false" && value != "null" && !IsNumber(value)) return false;
  at_ = stop;
  return true;
}

}  // namespace recbots
