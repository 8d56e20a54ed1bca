// The commands of each tutorial in docs/tutorials, one after the other in one folder, as a reader runs them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/documents/commands.h"
#include "tests/support/source_dir.h"
#include "tests/support/workshop.h"

namespace recbots::documents {
namespace {

using testing::Outcome;
using testing::Workshop;

// The commands of one page that call recbots and end by themselves, in the order of the page.
struct Tutorial {
  std::string file;
  std::vector<std::string> commands;
};
void PrintTo(const Tutorial& tutorial, std::ostream* out) { *out << tutorial.file; }

std::vector<Tutorial> Tutorials() {
  std::vector<Tutorial> tutorials;
  for (const BlockLine& line : ReadDocuments(testing::SourceDir()).block_lines) {
    if (!absl::StartsWith(line.place.file, "docs/tutorials/")) continue;
    if (!absl::StartsWith(line.text, "recbots ") || absl::StartsWith(line.text, "recbots: ")) continue;
    if (absl::StrContains(line.text, "--keep"))
      continue;  // The test of all commands lets such a run go on, and asks it.
    if (tutorials.empty() || tutorials.back().file != line.place.file) tutorials.push_back({line.place.file, {}});
    tutorials.back().commands.push_back(line.text);
  }
  return tutorials;
}

class TutorialTest : public ::testing::TestWithParam<Tutorial> {};

TEST_P(TutorialTest, RunsFromItsFirstCommandToItsLast) {
  Workshop workshop;
  for (const std::string& command : GetParam().commands) {
    const char* more = "";
    if (std::regex_search(command, std::regex("^recbots (cluster|train) "))) more = kShortRun;
    if (absl::StartsWith(command, "recbots simulate ") && !absl::StrContains(command, "--list")) more = "--episodes=20";
    const std::string line = absl::StrCat(command, " ", more);
    const Outcome outcome = workshop.Run(line);
    // The doctor may find a fault with this machine, and says so with 1.
    const bool doctor = absl::StartsWith(command, "recbots doctor");
    ASSERT_TRUE(outcome.exit_code == 0 || (doctor && outcome.exit_code == 1))
        << line << "\nexit code " << outcome.exit_code << "\n"
        << outcome.output;
  }
}

std::string NameOf(const ::testing::TestParamInfo<Tutorial>& tutorial) {
  std::string name = tutorial.param.file.substr(tutorial.param.file.rfind('/') + 1);
  name.resize(name.find('.'));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, TutorialTest, ::testing::ValuesIn(Tutorials()), NameOf);

TEST(TutorialTableTest, KnowsTheTutorials) { EXPECT_GE(Tutorials().size(), 4U); }

}  // namespace
}  // namespace recbots::documents
