// Every name that a document speaks of exists: flags, settings, metrics, benches, files, links, and words of the code.
#include "tests/documents/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/documents/bench_lines.h"
#include "tests/documents/check_words.h"
#include "tests/documents/document.h"
#include "tests/support/source_dir.h"

namespace recbots::documents {
namespace {

using testing::Workshop;

// What documents say of others, or in a form of its own: a whole code span, or one word of it.
struct Foreign {
  const char* file;  // "": of any document.
  const char* text;
  const char* why;
};
const Foreign kForeign[] = {
    {"docs/authoring.md", "AbstractChoiceModel", "RecSim"},
    {"docs/authoring.md", "AbstractDocument", "RecSim"},
    {"docs/authoring.md", "AbstractDocumentSampler", "RecSim"},
    {"docs/authoring.md", "AbstractEpisodicRecommenderAgent", "RecSim"},
    {"docs/authoring.md", "AbstractResponse", "RecSim"},
    {"docs/authoring.md", "AbstractUserModel", "RecSim"},
    {"docs/authoring.md", "AbstractUserSampler", "RecSim"},
    {"docs/authoring.md", "AbstractUserState", "RecSim"},
    {"docs/authoring.md", "CandidateSet", "RecSim"},
    {"docs/authoring.md", "MultiUserEnvironment", "RecSim"},
    {"docs/authoring.md", "RecSimGymEnv", "RecSim"},
    {"docs/authoring.md", "SingleUserEnvironment", "RecSim"},
    {"docs/authoring.md", "create_observation", "RecSim"},
    {"docs/authoring.md", "is_terminal", "RecSim"},
    {"docs/authoring.md", "resample_documents", "RecSim"},
    {"docs/authoring.md", "reset_sampler", "RecSim"},
    {"docs/authoring.md", "run_simulation", "RecSim"},
    {"docs/authoring.md", "sample_document", "RecSim"},
    {"docs/authoring.md", "sample_user", "RecSim"},
    {"docs/authoring.md", "score_document", "RecSim"},
    {"docs/authoring.md", "simulate_response", "RecSim"},
    {"docs/authoring.md", "update_state", "RecSim"},
    {"docs/metrics.md", "histogram_quantile", "Prometheus"},
    {"docs/metrics.md", "x_bucket", "of a histogram called x"},
    {"docs/metrics.md", "x_count", "of a histogram called x"},
    {"docs/metrics.md", "x_sum", "of a histogram called x"},
    {"", "updates_to_999", "made of parts in learner/run/report.cc"},
    {"docs/security.md", "tls_config", "Prometheus"},
    {"docs/simulate.md", "zcat", "of the system"},
    {"docs/results.md", "_hard", "the end of a name"},
    {"docs/results.md", "_m100", "the end of a name"},
    {"docs/slates.md", "remember_", "the beginning of several names"},
    {"CHANGELOG.md", "path.to.field", "stands for the path of a setting"},
    {"common/config/README.md", "path.to.field", "stands for the path of a setting"},
    {"common/networks/README.md", "ATen/ops/...", "LibTorch"},
    {"common/networks/README.md", "torch/torch.h", "LibTorch"},
    {"README.md", "doc1", "a folder that a user might take"},
    {"deploy/README.md", "arg", "of docker-compose"},
    {"tests/golden/browse/README.md", "numpy", "Python"},
    {"tests/golden/recsim/README.md", "_f32", "the end of names"},
    {"tests/golden/recsim/README.md", "acceptance_rate", "in the file, read by no test"},
    {"tests/golden/recsim/README.md", "visits_per_document", "in the file, read by no test"},
    {"docs/terminal.md", "bashrc", "bash"},
    {"docs/terminal.md", "zshrc", "zsh"},
};

const std::set<std::string> kForeignFlags = {"--scale",        "--index",   "--build",
                                             "--build_arg",    "--address", "--preset",
                                             "--gtest_filter", "--profile", "--no_install_recommends"};

class NamesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    workshop_ = new Workshop();
    names_ = new Names(testing::SourceDir(), *workshop_);
    documents_ = new Documents(ReadDocuments(testing::SourceDir()));
  }
  static void TearDownTestSuite() {
    delete documents_;
    delete names_;
    delete workshop_;
  }

  static bool IsForeign(const Place& place, const std::string& text) {
    return std::any_of(std::begin(kForeign), std::end(kForeign), [&](const Foreign& foreign) {
      return text == foreign.text && (*foreign.file == '\0' || place.file == foreign.file);
    });
  }
  // CONFIG, RUN_DIR, SSSSSSSSSSSS: what stands for something.
  static bool IsPlaceholder(const std::string& word) {
    return std::all_of(word.begin(), word.end(),
                       [](char c) { return c == '_' || std::isupper(static_cast<unsigned char>(c)); });
  }
  // All matches of a pattern in the code spans.
  static std::vector<CodeSpan> Find(const char* pattern) {
    const std::regex what(pattern);
    std::vector<CodeSpan> found;
    for (const CodeSpan& span : documents_->spans) {
      std::sregex_iterator match(span.text.begin(), span.text.end(), what), end;
      for (; match != end; ++match) found.push_back({span.place, (*match)[1]});
    }
    return found;
  }

  static Workshop* workshop_;
  static Names* names_;
  static Documents* documents_;
};
Workshop* NamesTest::workshop_ = nullptr;
Names* NamesTest::names_ = nullptr;
Documents* NamesTest::documents_ = nullptr;

TEST_F(NamesTest, EveryFlagIsOneOfOurs) {
  for (const CodeSpan& span : documents_->spans) {
    for (const std::string& flag : FlagsIn(span.text)) {
      EXPECT_TRUE(names_->IsFlag(flag) || kForeignFlags.count(flag) > 0)
          << span.place.ToString() << ": no program has " << flag << " (" << span.text << ")";
    }
  }
}

TEST_F(NamesTest, EverySettingIsOneOfTheConfiguration) {
  // "replay.log" and its like are files, "actor.w1" is a tensor.
  const std::regex file(R"(.*\.(addresses|log|sock|proto|h|cc|md|pem|key|csr)|(actor|critic)\.[wb]\d)");
  for (const CodeSpan& name : Find(R"(\b([a-z_]+(?:\[\d*\])?(?:\.[a-z_]\w*(?:\[\d*\])?)+))")) {
    if (std::regex_match(name.text, file) || !Names::BeginsAsConfigPath(name.text)) continue;
    EXPECT_TRUE(Names::IsConfigPath(name.text) || IsForeign(name.place, name.text))
        << name.place.ToString() << ": no setting " << name.text;
  }
  for (const CodeSpan& name : Find(R"(--set[= ]([a-z_.\[\]\d]+)=)")) {
    if (IsForeign(name.place, name.text)) continue;
    EXPECT_TRUE(Names::IsConfigPath(name.text)) << name.place.ToString() << ": no setting " << name.text;
  }
  for (const BlockLine& line : documents_->block_lines) {
    for (const std::string& setting : OverridesIn(line.text)) {
      const std::string name = setting.substr(0, setting.find('='));
      EXPECT_TRUE(Names::IsConfigPath(name)) << line.place.ToString() << ": no setting " << name;
    }
  }
}

TEST_F(NamesTest, EverySettingOfAHelpIsOneOfTheConfiguration) {
  int num_found = 0;
  for (const std::string& setting : OverridesIn(names_->helps())) {
    const std::string name = setting.substr(0, setting.find('='));
    if (std::isupper(static_cast<unsigned char>(name[0]))) continue;  // PATH.TO.FIELD
    ++num_found;
    EXPECT_TRUE(Names::IsConfigPath(name)) << "no setting " << name;
  }
  EXPECT_GE(num_found, 1) << "that of deploy/run";
}

TEST_F(NamesTest, EveryMetricIsDeclared) {
  const std::regex metric(R"(recbots_(build|process|replay|learner|actor|evaluator)_\w+)");
  const auto check = [&](const Place& place, const std::string& text) {
    for (const std::string& word : WordsOf(text)) {
      if (!std::regex_match(word, metric)) continue;
      EXPECT_TRUE(names_->IsMetric(word)) << place.ToString() << ": no metric " << word;
    }
  };
  for (const CodeSpan& span : documents_->spans) check(span.place, span.text);
  for (const BlockLine& line : documents_->block_lines) check(line.place, line.text);
}

TEST_F(NamesTest, EveryFileAndBenchIsThere) {
  // With a slash in it, but not before it, and not in a URL.
  for (const CodeSpan& name : Find(R"((?:^|[ =])((?:[\w.*-]+|\[\w+\])(?:/[\w.*-]+)+/?))")) {
    if (IsForeign(name.place, name.text)) continue;
    std::string path;
    for (const absl::string_view part : absl::StrSplit(name.text, '/')) {
      const bool stands_for_something = part.size() > 1 && IsPlaceholder(std::string(part));
      absl::StrAppend(&path, path.empty() ? "" : "/", stands_for_something ? "*" : part);
    }
    path = absl::StrReplaceAll(path, {{"_N.", "_*."}});
    const bool written_by_runs = names_->IsInCode(path.substr(path.find('/')));
    EXPECT_TRUE(names_->IsPath(path, name.place.file) || names_->IsBench(path) || written_by_runs ||
                absl::StrContains(path, '*'))
        << name.place.ToString() << ": nothing is called " << name.text;
  }
  for (const CodeSpan& name : Find(R"(^([\w-]+\.(?:h|cc|md|proto|textproto|json|jsonl|bin|sh|txt|yml))$)")) {
    EXPECT_TRUE(names_->IsPath(name.text, name.place.file) || names_->IsInCode(name.text) ||
                IsForeign(name.place, name.text))
        << name.place.ToString() << ": no file " << name.text;
  }
  for (const CodeSpan& name : Find(R"(^(/\w+)$)")) {
    EXPECT_TRUE(names_->IsInCode("\"" + name.text + "\"")) << name.place.ToString() << ": nothing serves " << name.text;
  }
}

TEST_F(NamesTest, EveryWordOfACodeSpanIsOneOfTheCode) {
  for (const CodeSpan& span : documents_->spans) {
    if (IsBenchLine(span.text)) continue;  // bench_command_test and replay_bench_test look for it.
    std::string text;
    for (const absl::string_view token : absl::StrSplit(span.text, ' ')) {
      const std::string name(token);
      if (!names_->IsPath(name, span.place.file) && !names_->IsBench(name)) absl::StrAppend(&text, name, " ");
    }
    for (std::string word : WordsOf(text)) {
      // -DNAME=VALUE
      if (absl::StartsWith(word, "DRECBOTS_")) word = word.substr(1);
      if (word.size() < 3 || IsPlaceholder(word) || names_->IsWord(word) || IsForeign(span.place, word)) continue;
      if (absl::EndsWith(word, "_N") && names_->IsWord(word.substr(0, word.size() - 1) + "0"))
        continue;  // One of several.
      ADD_FAILURE() << span.place.ToString() << ": no code has the word " << word << " (" << span.text << ")";
    }
  }
  // Fields of reports and configurations that are shown as examples.
  const std::regex field(R"re(^\s*"(\w+)":.*)re");
  for (const BlockLine& line : documents_->block_lines) {
    std::smatch found;
    if (!std::regex_match(line.text, found, field) || IsForeign(line.place, found[1])) continue;
    EXPECT_TRUE(names_->IsWord(found[1])) << line.place.ToString() << ": no code has the field " << found[1];
  }
}

TEST_F(NamesTest, EveryLinkLeadsSomewhere) {
  const auto anchor_of = [](const std::string& heading) {
    std::string anchor;
    for (const char c : absl::AsciiStrToLower(heading)) {
      if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_') anchor += c;
      if (c == ' ') anchor += '-';
    }
    return anchor;
  };
  for (const Link& link : documents_->links) {
    if (absl::StartsWith(link.target, "http")) continue;
    const std::vector<std::string> parts = absl::StrSplit(link.target, absl::MaxSplits('#', 1));
    const std::filesystem::path from = std::filesystem::path(link.place.file).parent_path();
    const std::string file = parts[0].empty() ? link.place.file : (from / parts[0]).lexically_normal().string();
    const std::string path = testing::SourceDir() + "/" + file;
    EXPECT_TRUE(std::filesystem::exists(path)) << link.place.ToString() << " links to " << link.target;
    if (parts.size() < 2) continue;
    std::set<std::string> anchors;
    for (const absl::string_view line : absl::StrSplit(ReadFile(path), '\n')) {
      const size_t text = line.find_first_not_of('#');
      if (text != 0 && text != absl::string_view::npos && line[text] == ' ') {
        anchors.insert(anchor_of(std::string(line.substr(text + 1))));
      }
    }
    EXPECT_EQ(anchors.count(parts[1]), 1U) << link.place.ToString() << " links to " << link.target;
  }
}

TEST_F(NamesTest, EveryForeignNameIsSaidSomewhere) {
  for (const Foreign& foreign : kForeign) {
    const bool said = std::any_of(documents_->spans.begin(), documents_->spans.end(), [&](const CodeSpan& span) {
      return absl::StrContains(span.text, foreign.text) && IsForeign(span.place, foreign.text);
    });
    EXPECT_TRUE(said) << foreign.file << " " << foreign.text;
  }
}

}  // namespace
}  // namespace recbots::documents
