#include "tests/documents/commands.h"

#include <map>
#include <regex>
#include <set>

namespace recbots::documents {
namespace {

// Documents show commands of these. A line may set variables first.
bool IsProgram(const std::string& word) {
  static const std::set<std::string> programs = {"recbots",
                                                 "deploy/run",
                                                 "deploy/reproduce-slateq",
                                                 "deploy/images",
                                                 "deploy/package",
                                                 "deploy/release",
                                                 "deploy/monitoring/run",
                                                 "tests/packages/run",
                                                 "tests/check",
                                                 "tests/run",
                                                 "tests/fuzz/run",
                                                 "tests/browser/run",
                                                 "tests/tensorboard/run",
                                                 "tests/chaos/run",
                                                 "pip",
                                                 "python3",
                                                 ".ci/run",
                                                 "docker",
                                                 "docker-compose",
                                                 "curl",
                                                 "cmake",
                                                 "ctest",
                                                 "ninja",
                                                 "openssl",
                                                 "less"};
  static const std::regex role("recbots-[a-z]+|build/dev/tests/.*");
  return programs.count(word) > 0 || std::regex_match(word, role);
}

// Whether a line runs one, with variables set before it or without.
bool IsCommand(const std::string& line) {
  static const std::regex assignments(R"re(^([A-Za-z_]+=("[^"]*"|\S*) )+)re");
  const std::string command = std::regex_replace(line, assignments, "");
  return IsProgram(command.substr(0, command.find(' ')));
}

std::string WithoutDescription(const std::string& line) { return line.substr(0, line.find("  ")); }

}  // namespace

std::vector<Command> DocumentedCommands(const Documents& documents) {
  std::map<std::string, std::vector<Place>> found;
  std::set<std::pair<std::string, int>> blocks;
  for (const BlockLine& line : documents.block_lines) {
    if (IsCommand(line.text)) blocks.emplace(line.place.file, line.block);
  }
  for (const BlockLine& line : documents.block_lines) {
    const bool is_command = blocks.count({line.place.file, line.block}) > 0 && !line.text.empty();
    if (is_command) found[WithoutDescription(line.text)].push_back(line.place);
  }
  for (const CodeSpan& span : documents.spans) {
    if (IsCommand(span.text)) found[span.text].push_back(span.place);
  }
  std::vector<Command> commands;
  for (auto& [text, places] : found) commands.push_back({text, std::move(places)});
  return commands;
}

std::vector<BlockLine> UnknownCommands(const Documents& documents) {
  static const std::regex likely(R"([a-z][\w./-]* (.* )?--?[a-z].*)");
  std::set<std::pair<std::string, int>> blocks;
  for (const BlockLine& line : documents.block_lines) {
    if (IsCommand(line.text)) blocks.emplace(line.place.file, line.block);
  }
  std::vector<BlockLine> unknown;
  for (const BlockLine& line : documents.block_lines) {
    if (blocks.count({line.place.file, line.block}) > 0 || !std::regex_match(line.text, likely)) continue;
    if (line.language.empty() || line.language == "sh" || line.language == "bash") unknown.push_back(line);
  }
  return unknown;
}

const Treatment* TreatmentOf(const std::string& command) {
  for (const Treatment& treatment : Treatments()) {
    if (std::regex_match(command, std::regex(treatment.pattern))) return &treatment;
  }
  return nullptr;
}

}  // namespace recbots::documents
