#include "actor/external/command_words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace recbots {

absl::StatusOr<std::vector<std::string>> CommandWords(absl::string_view command) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  const auto add = [&](char c) {
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c != 0) words.back().push_back(c);
  };
  for (size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (c == '\\' && quote != '\'') {
      if (i + 1 == command.size())
        return absl::InvalidArgumentError("command ends with \\, want a character behind it");
      add(command[++i]);
    } else if (quote != 0) {
      c == quote ? add(quote = 0) : add(c);
    } else if (c == '\'' || c == '"') {
      quote = c;
      add(0);
    } else if (absl::ascii_isspace(static_cast<unsigned char>(c))) {
      in_word = false;
    } else {
      add(c);
    }
  }
  if (quote != 0) return absl::InvalidArgumentError(absl::StrCat("command has an open ", std::string(1, quote)));
  if (words.empty()) return absl::InvalidArgumentError("command has no words, want a program and its arguments");
  return words;
}

}  // namespace recbots
