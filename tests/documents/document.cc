#include "tests/documents/document.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace recbots::documents {
namespace {

// What was built, and what runs wrote.
bool IsOurs(const std::string& name) {
  if (absl::StartsWith(name, ".")) return name == ".ci";
  return name != "build" && name != "runs" && name != "shared";
}

void ReadLinks(const Place& place, const std::string& line, Documents& documents) {
  static const std::regex link(R"(\]\(([^()\s]+)\))");
  for (std::sregex_iterator found(line.begin(), line.end(), link), end; found != end; ++found) {
    documents.links.push_back({place, (*found)[1]});
  }
}

// A span may begin on one line and end on the next.
void ReadSpans(const std::string& file, const std::vector<std::pair<int, std::string>>& paragraph,
               Documents& documents) {
  std::string span;
  bool inside = false;
  int begin = 0;
  for (const auto& [number, line] : paragraph) {
    if (inside) span += ' ';
    for (const char c : line) {
      if (c != '`') {
        if (inside) span += c;
        continue;
      }
      if (inside) documents.spans.push_back({{file, begin}, span});
      inside = !inside;
      begin = number;
      span.clear();
    }
  }
}

void ReadMarkdown(const std::string& file, std::istream& text, Documents& documents) {
  std::vector<std::pair<int, std::string>> paragraph;
  const auto end_paragraph = [&] {
    ReadSpans(file, paragraph, documents);
    paragraph.clear();
  };
  int number = 0, block = 0;
  std::string language;
  for (std::string line; std::getline(text, line);) {
    ++number;
    if (absl::StartsWith(line, "```")) {
      end_paragraph();
      block = block == 0 ? number : 0;
      language = line.substr(3);
      continue;
    }
    if (block > 0) {
      documents.block_lines.push_back({{file, number}, block, language, line});
      continue;
    }
    ReadLinks({file, number}, line, documents);
    // Cells of a table stand alone.
    if (line.empty() || absl::StartsWith(line, "|")) end_paragraph();
    paragraph.emplace_back(number, line);
    if (absl::StartsWith(line, "|")) end_paragraph();
  }
  end_paragraph();
}

void ReadComments(const std::string& file, std::istream& text, Documents& documents) {
  int number = 0, block = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    absl::string_view comment = line;
    if (!absl::ConsumePrefix(&comment, "#")) {
      block = 0;
      continue;
    }
    if (absl::StartsWith(comment, "   ")) {
      if (block == 0) block = number;
      documents.block_lines.push_back(
          {{file, number}, block, "", std::string(absl::StripLeadingAsciiWhitespace(comment))});
    } else {
      block = 0;
      ReadSpans(file, {{number, std::string(comment)}}, documents);
    }
  }
}

}  // namespace

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> ListTree(const std::string& root) {
  std::vector<std::string> files;
  std::filesystem::recursive_directory_iterator entry(root), end;
  for (; entry != end; ++entry) {
    const bool is_directory = entry->is_directory() && !entry->is_symlink();
    if (entry.depth() == 0 && is_directory && !IsOurs(entry->path().filename())) {
      entry.disable_recursion_pending();
    } else if (!is_directory) {
      files.push_back(std::filesystem::relative(entry->path(), root));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Documents ReadDocuments(const std::string& root) {
  Documents documents;
  for (const std::string& file : ListTree(root)) {
    const bool is_markdown = absl::EndsWith(file, ".md");
    const bool is_edited = (absl::StartsWith(file, "docker-compose") && absl::EndsWith(file, ".yml")) ||
                           (absl::StartsWith(file, "deploy/config/") && !is_markdown);
    if (!is_markdown && !is_edited) continue;
    std::ifstream text(absl::StrCat(root, "/", file));
    documents.files.push_back(file);
    is_markdown ? ReadMarkdown(file, text, documents) : ReadComments(file, text, documents);
  }
  return documents;
}

}  // namespace recbots::documents
