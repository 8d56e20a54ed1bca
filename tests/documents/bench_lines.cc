#include "tests/documents/bench_lines.h"

#include <algorithm>
#include <filesystem>
#include <regex>

#include "absl/strings/match.h"

namespace recbots::documents {
namespace {

// First group: "acting" of "acting_k3 steps_per_second".
const std::regex& Line() {
  static const std::regex line(R"((env|acting|updates|slate_q|loop|slate|replay)(_k\d+)?(/\w+)* [a-z]\w+)");
  return line;
}
const std::regex& Name() {
  static const std::regex name(R"((env|acting|updates|slate_q|loop|slate|replay)(_k\d+)?(/[a-z0-9]\w*)+)");
  return name;
}

}  // namespace

bool IsBenchLine(const std::string& text) { return std::regex_match(text, Line()); }

std::vector<CodeSpan> DocumentedBenchLines(const std::string& root, const std::string& group) {
  std::vector<CodeSpan> lines;
  for (const CodeSpan& span : ReadDocuments(root).spans) {
    std::smatch parts;
    const bool is_line = std::regex_match(span.text, parts, Line()) || std::regex_match(span.text, parts, Name());
    if (is_line && parts[1] == group && !std::filesystem::exists(root + "/" + span.text)) lines.push_back(span);
  }
  return lines;
}

bool IsPrinted(const std::string& line, const std::set<std::string>& printed) {
  return printed.count(line) > 0 || std::any_of(printed.begin(), printed.end(), [&](const std::string& one) {
           return absl::StartsWith(one, line + " ") || absl::StartsWith(one, line + "/");
         });
}

}  // namespace recbots::documents
