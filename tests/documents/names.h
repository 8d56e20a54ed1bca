// What is called how in the tree: names that documents may speak of.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/support/workshop.h"

namespace recbots::documents {

class Names {
 public:
  // Reads the tree at `root`, and asks the programs for their flags and benches.
  Names(const std::string& root, testing::Workshop& workshop);

  // Words of everything in the tree that is no document: code, scripts, configurations; and of file names.
  bool IsWord(const std::string& word) const { return words_.count(word) > 0; }
  // A piece of it: "/metrics", "report.json".
  bool IsInCode(const std::string& text) const { return code_.find(text) != std::string::npos; }
  // "--set", of a program or a script of ours.
  bool IsFlag(const std::string& flag) const { return flags_.count(flag) > 0; }
  // What all of them say when asked for --help.
  const std::string& helps() const { return helps_; }
  // "recbots_learner_lag_updates_bucket"
  bool IsMetric(const std::string& name) const;
  // A file or folder: from the root or from the folder of `document`; the name alone of a file anywhere; with "*" any
  // that fits.
  bool IsPath(const std::string& path, const std::string& document) const;
  // A name of `recbots bench --list`, what several begin with, or a part of what one prints ("replay/insert/400B/unix",
  // which replay_bench_test checks).
  bool IsBench(const std::string& name) const;
  // "replay.table.capacity_rows", "replay.more_tables[0].name": from the root of a configuration.
  static bool IsConfigPath(const std::string& path);
  // Whether a dotted name begins as one of a configuration does.
  static bool BeginsAsConfigPath(const std::string& path);

 private:
  std::string code_;
  std::set<std::string> words_;
  std::set<std::string> flags_;
  std::string helps_;
  std::set<std::string> paths_;  // Files and folders, from the root.
  std::set<std::string> file_names_;
  std::vector<std::string> benches_;
};

// Words of letters, digits and underscores that do not begin with a digit.
std::vector<std::string> WordsOf(const std::string& text);

}  // namespace recbots::documents
