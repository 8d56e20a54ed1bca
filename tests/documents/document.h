// The texts that people read, taken apart: Markdown files, and the comments of files that people edit.
#pragma once

#include <string>
#include <vector>

namespace recbots::documents {

struct Place {
  std::string file;  // From the root of the tree.
  int line = 0;
  std::string ToString() const { return file + ":" + std::to_string(line); }
};

// `text` between backticks.
struct CodeSpan {
  Place place;
  std::string text;
};

// One line of a fenced block.
struct BlockLine {
  Place place;    // Of the line.
  int block = 0;  // The line on which its block begins.
  std::string language;
  std::string text;
};

// [words](target)
struct Link {
  Place place;
  std::string target;
};

struct Documents {
  std::vector<std::string> files;
  std::vector<CodeSpan> spans;
  std::vector<BlockLine> block_lines;
  std::vector<Link> links;
};

// Every Markdown file of the tree. Of docker-compose.yml and the shipped configurations the comments count too: lines
// that are indented in them by three blanks or more are those of a block.
Documents ReadDocuments(const std::string& root);

// Files of the tree from its root, without what is built, written by runs, or hidden (but .ci).
std::vector<std::string> ListTree(const std::string& root);

std::string ReadFile(const std::string& path);

}  // namespace recbots::documents
