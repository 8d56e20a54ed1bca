// Every bench that `recbots bench --list` names runs for a moment, through the launcher, so that none rots and each can
// be called; what its figures are decides nothing. Every line that a document names is among what they print. (The
// benches of replay: replay_bench_test.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/documents/bench_lines.h"
#include "tests/support/source_dir.h"
#include "tests/support/workshop.h"

namespace recbots {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;
using testing::Workshop;

const char* const kGroups[] = {"env", "acting", "updates", "group", "slate_q", "loop", "dense", "slate"};

std::vector<std::string> LinesOf(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  return absl::StrSplit(outcome.output, '\n', absl::SkipEmpty());
}

// "env" of "env/document_browsing".
std::string GroupOf(const std::string& name) { return name.substr(0, name.find('/')); }

class BenchTest : public ::testing::TestWithParam<const char*> {
 protected:
  // The lines of a bench, "bench metric" each.
  std::set<std::string> RunShortly(const std::string& name) {
    std::set<std::string> printed;
    // The two streams apart: the roles of the loop bench have a log.
    for (const std::string& text : LinesOf(workshop_.Run(absl::StrCat(
             "recbots bench ", name, " --window=0.001 --windows=1 --seconds=0.1 2>errors || cat errors")))) {
      const auto line = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
      if (!line.is_object()) {
        ADD_FAILURE() << name << " printed " << text;
        continue;
      }
      EXPECT_TRUE(line["bench"] == name || absl::StartsWith(line["bench"].get<std::string>(), name)) << text;
      EXPECT_TRUE(std::isfinite(line["value"].get<double>())) << text;
      EXPECT_TRUE(std::isfinite(line["cores_used"].get<double>())) << text;
      EXPECT_THAT(line["better"].get<std::string>(), AnyOf("higher", "lower"));
      for (const char* field : {"unit", "processor", "arch", "left_out"}) {
        EXPECT_FALSE(line[field].get<std::string>().empty()) << field << " of " << text;
      }
      printed.insert(absl::StrCat(line["bench"].get<std::string>(), " ", line["metric"].get<std::string>()));
    }
    EXPECT_FALSE(printed.empty()) << name;
    return printed;
  }

  Workshop workshop_;
};

TEST_P(BenchTest, RunsByEachOfItsNames) {
  const std::string group = GetParam();
  std::set<std::string> printed;
  for (const std::string& name : LinesOf(workshop_.Run("recbots bench --list"))) {
    if (GroupOf(name) == group) printed.merge(RunShortly(name));
  }
  for (const documents::CodeSpan& line : documents::DocumentedBenchLines(testing::SourceDir(), group)) {
    EXPECT_TRUE(documents::IsPrinted(line.text, printed)) << line.place.ToString() << ": " << line.text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, BenchTest, ::testing::ValuesIn(kGroups), [](const auto& group) { return group.param; });

class BenchListTest : public ::testing::Test {
 protected:
  Workshop workshop_;
};

TEST_F(BenchListTest, HasNoGroupButThoseThatTestsRun) {
  std::set<std::string> groups(std::begin(kGroups), std::end(kGroups));
  groups.insert({"replay", "load"});  // replay_bench_test runs them.
  groups.insert("external");          // external_programs_test runs it, where there is NumPy.
  for (const std::string& name : LinesOf(workshop_.Run("recbots bench --list"))) {
    EXPECT_EQ(groups.count(GroupOf(name)), 1U) << name;
  }
}

// The same names in both programs, recbots and recbots-bench.
TEST_F(BenchListTest, NamesWhatANameCalls) {
  EXPECT_EQ(workshop_.Run("recbots bench slate_q --list").output, "slate_q\nslate_q/learned_clicks\nslate_q/n50\n");
  EXPECT_EQ(workshop_.Run("recbots bench slate/n10_k3 --list").output, "slate/n10_k3\n");
  EXPECT_EQ(workshop_.Run("recbots-bench slate --list").output, workshop_.Run("recbots bench slate --list").output);
  EXPECT_EQ(workshop_.Run("recbots-bench replay --list").output, workshop_.Run("recbots bench replay --list").output);
  EXPECT_THAT(workshop_.Run("recbots bench env/interest_evolution --list").output, Not(HasSubstr("n100")));
  for (const char* name : {"slat", "slate_", "replay/insert/400", "env/", "nothing"}) {
    const Outcome outcome = workshop_.Run(absl::StrCat("recbots bench ", name));
    EXPECT_EQ(outcome.exit_code, 2) << name;
    EXPECT_THAT(outcome.output, HasSubstr(absl::StrCat("no bench is called '", name, "'")));
  }
}

}  // namespace
}  // namespace recbots
