// Commands that cannot run in a test, checked word by word: what they name has to exist.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/support/workshop.h"

namespace recbots::documents {

// Words of a text that are flags, without their values: "--set", "--http".
std::vector<std::string> FlagsIn(const std::string& text);
// Values of its "--set": "seed=2" of "--set seed=2" and of "--set=seed=2".
std::vector<std::string> OverridesIn(const std::string& text);

// Failures are those of the running test.
class WordChecker {
 public:
  // `root`: of the tree.
  WordChecker(std::string root, testing::Workshop& workshop) : root_(std::move(root)), workshop_(workshop) {}

  // Somebody documented serves there, on a page that there is.
  void Curl(const std::string& command) const;
  // docker-compose: variables, services, arguments of the build; a command behind "exec".
  void Compose(const std::string& command) const;
  // tests/run [PRESET...] [-L LABEL], and scripts without arguments.
  void Script(const std::string& command) const;
  // cmake --preset PRESET, ninja -C build/PRESET TARGET.
  void Build(const std::string& command) const;
  // Flags that every role has, and overrides that a configuration takes.
  void RoleFlags(const std::string& text) const;

 private:
  std::string Content(const std::string& file) const { return testing::FileContent(root_ + "/" + file); }
  void Preset(const std::string& preset) const;
  void Target(const std::string& target) const;

  const std::string root_;
  testing::Workshop& workshop_;
};

}  // namespace recbots::documents
