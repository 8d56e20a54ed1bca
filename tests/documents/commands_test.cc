// Every command that a document shows is run, shortened where it is long, or checked word by word where it cannot run
// here (treatments.cc says which and why).
#include "tests/documents/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "tests/documents/check_words.h"
#include "tests/support/source_dir.h"
#include "tests/support/workshop.h"

namespace recbots::documents {
namespace {

using ::testing::AnyOf;
using testing::FileContent;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::Workshop;

std::vector<Command> AllCommands() { return DocumentedCommands(ReadDocuments(testing::SourceDir())); }

std::string PlacesOf(const Command& command) {
  return absl::StrJoin(command.places, ", ",
                       [](std::string* text, const Place& place) { absl::StrAppend(text, place.ToString()); });
}

class DocumentedCommandsTest : public ::testing::TestWithParam<Command> {
 protected:
  static void SetUpTestSuite() { workshop_ = new Workshop(); }
  static void TearDownTestSuite() { delete workshop_; }

  // What stands for something in a command becomes something.
  static std::string FilledIn(std::string command) {
    const auto fill = [&command](const char* pattern, const std::function<std::string()>& value) {
      const std::regex what(pattern);
      if (std::regex_search(command, what)) command = std::regex_replace(command, what, value());
    };
    fill(R"(/tmp/)", [] { return workshop_->path() + "/"; });
    fill(R"( \[(flags|NAME)\])", [] { return ""; });
    fill(R"(^recbots bench NAME$)", [] { return "recbots bench slate"; });
    fill(R"(\bCONFIG\b)", [] { return "deploy/config/browse.textproto"; });
    fill(R"(\bLOG\b)", [] { return workshop_->log(); });
    fill(R"(\bRUN_DIR\b)", [] { return workshop_->trained_run(); });
    fill(R"(\bTOPIC\b)", [] { return "files"; });
    fill(R"(--weights=FILE)", [] { return "--weights=" + workshop_->trained_run() + "/weights.bin"; });
    fill(R"(--policy=NAME)", [] { return "--policy=random"; });
    fill(R"(--episodes=N)", [] { return "--episodes=20"; });
    fill(R"(\bW_N\.json)", [] { return "W_3.json"; });
    fill(R"(\b(HOST:PORT|TARGET)\b)", [] { return workshop_->server(); });
    fill(R"( DIR\b)", [] { return " " + workshop_->checkpoint(); });
    // deploy_scripts_test shows that the scripts call these.
    fill(R"(^deploy/run$)", [] { return "recbots cluster deploy/config/browse.textproto"; });
    fill(R"(^deploy/run (\w+))", [] { return "recbots cluster deploy/config/$1.textproto"; });
    fill(R"(^deploy/reproduce-slateq\b)", [] { return "recbots reproduce slateq"; });
    static const std::regex left(R"([ =]([A-Z][A-Z_]+)(\s|$))");
    std::smatch found;
    if (std::regex_search(command, found, left)) ADD_FAILURE() << "what stands for " << found[1] << " in " << command;
    return command;
  }

  static void Run(const std::string& command, const Treatment& treatment) {
    const std::string line = absl::StrCat(FilledIn(command), " ", treatment.more);
    const Outcome outcome = workshop_->Run(line);
    EXPECT_EQ(outcome.exit_code, treatment.exit_code) << line << "\n" << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr(treatment.says)) << line;
  }

  static void AskHelp(const std::string& command) {
    const Outcome outcome = workshop_->Run(command + " --help");
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    // recbots-train is what `recbots train` becomes.
    EXPECT_THAT(outcome.output, AnyOf(HasSubstr("usage: " + command),
                                      HasSubstr("usage: " + absl::StrReplaceAll(command, {{"-", " "}}))));
  }

  static void NameFlags(const std::string& command) {
    const std::string help = workshop_->Run(command.substr(0, command.find(" --")) + " --help").output;
    for (const std::string& flag : FlagsIn(command)) EXPECT_THAT(help, HasSubstr("  " + flag)) << command;
  }

  // "/api/v1/status", of the address that a command asks, which may stand in quotes.
  static std::string PageIn(const std::string& command) {
    const size_t begin = command.find('/', command.find("://") + 3);
    return command.substr(begin, command.find_first_of("' ", begin) - begin);
  }

  // What an evaluator is wanted for is refused until there is one.
  static void Post(const std::string& command, httplib::Client& client) {
    std::smatch data;
    ASSERT_TRUE(std::regex_search(command, data, std::regex("-d '([^']*)'"))) << command;
    const Instant end = Instant::Now() + absl::Seconds(60);
    int status = 0;
    do {
      const httplib::Result answer = client.Post(PageIn(command), data[1].str(), "application/json");
      status = answer ? answer->status : 0;
      if (status != 200) absl::SleepFor(absl::Milliseconds(20));
    } while (status != 200 && Instant::Now() < end);
    EXPECT_EQ(status, 200) << command;
  }

  // Serves what is asked of it, until Ctrl-C.
  static void Keep(const std::string& command, const Treatment& treatment) {
    const std::string line = absl::StrCat(FilledIn(command), " ", treatment.more);
    std::filesystem::remove_all(workshop_->Path("kept"));  // With the addresses of another command's run.
    ChildProcess cluster = workshop_->Start("exec " + line);
    const std::string address = workshop_->AwaitAddress(workshop_->Path("kept"), "learner", "http");
    httplib::Client client("http://" + address);
    for (const Command& other : AllCommands()) {
      const Treatment* of_other = TreatmentOf(other.text);
      if (of_other == nullptr || of_other->how != How::kCurl) continue;
      if (absl::StrContains(other.text, " -X POST ")) {
        Post(other.text, client);
        continue;
      }
      int status = 0;  // A stream of events would never end: what the answer begins with is enough.
      client.Get(
          PageIn(other.text), [&status](const httplib::Response& answer) { return status = answer.status, false; },
          [](const char*, size_t) { return true; });
      EXPECT_EQ(status, 200) << other.text;
    }
    for (const Instant end = Instant::Now() + absl::Seconds(60); Instant::Now() < end;
         absl::SleepFor(absl::Milliseconds(20))) {
      if (absl::StrContains(FileContent(workshop_->Path("kept/report.json")), "\"goal_reached\": true")) break;
    }
    cluster.Signal(SIGINT);
    const Outcome outcome = workshop_->Finish(cluster);
    EXPECT_EQ(outcome.exit_code, treatment.exit_code) << line << "\n" << outcome.output;
  }

  static Workshop* workshop_;
};
Workshop* DocumentedCommandsTest::workshop_ = nullptr;

TEST_P(DocumentedCommandsTest, Holds) {
  const Command& command = GetParam();
  SCOPED_TRACE(absl::StrCat(command.text, "\nin ", PlacesOf(command)));
  const Treatment* treatment = TreatmentOf(command.text);
  ASSERT_NE(treatment, nullptr) << "no row of tests/documents/treatments.cc fits this command";
  const WordChecker check(testing::SourceDir(), *workshop_);
  switch (treatment->how) {
    case How::kRun:
      return Run(command.text, *treatment);
    case How::kAskHelp:
      return AskHelp(command.text);
    case How::kNameFlags:
      return NameFlags(command.text);
    case How::kKeep:
      return Keep(command.text, *treatment);
    case How::kCurl:
      return check.Curl(command.text);
    case How::kCompose:
      return check.Compose(command.text);
    case How::kScript:
      return check.Script(command.text);
    case How::kBuild:
      return check.Build(command.text);
    case How::kElsewhere:
      GTEST_SKIP() << treatment->why;
  }
}

std::string NameOf(const ::testing::TestParamInfo<Command>& command) {
  std::string name = absl::StrReplaceAll(command.param.places[0].ToString(), {{"docs/", ""}});
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return absl::StrCat(command.index, "_", name);
}

INSTANTIATE_TEST_SUITE_P(All, DocumentedCommandsTest, ::testing::ValuesIn(AllCommands()), NameOf);

TEST(CommandTableTest, KnowsEveryProgramThatADocumentCalls) {
  for (const BlockLine& line : UnknownCommands(ReadDocuments(testing::SourceDir()))) {
    ADD_FAILURE() << line.place.ToString() << " looks like a command, of a program that IsProgram does not know:\n"
                  << line.text;
  }
}

TEST(CommandTableTest, HasNoRowThatNoDocumentNeeds) {
  const std::vector<Command> commands = AllCommands();
  for (const Treatment& treatment : Treatments()) {
    const bool used = std::any_of(commands.begin(), commands.end(),
                                  [&](const Command& command) { return TreatmentOf(command.text) == &treatment; });
    EXPECT_TRUE(used) << treatment.pattern;
  }
}

// The blocks of docs/security.md, from the certificates to a server that is asked.
class SecurityPageTest : public ::testing::Test {
 protected:
  // Lines of docs/security.md that begin so.
  static std::vector<std::string> LinesThatBegin(const std::string& pattern) {
    std::vector<std::string> lines;
    for (const BlockLine& line : ReadDocuments(testing::SourceDir()).block_lines) {
      if (line.place.file == "docs/security.md" && std::regex_search(line.text, std::regex("^(" + pattern + ")"))) {
        lines.push_back(line.text);
      }
    }
    return lines;
  }

  Workshop workshop_;
};

TEST_F(SecurityPageTest, ItsCertificatesAndTokenLetRolesTalk) {
  const std::vector<std::string> make = LinesThatBegin("openssl|echo");
  const std::vector<std::string> flags = LinesThatBegin("flags=");
  const std::vector<std::string> serve = LinesThatBegin("recbots-replay");
  const std::vector<std::string> ask = LinesThatBegin("recbots inspect");
  ASSERT_EQ(make.size(), 5U);
  ASSERT_TRUE(flags.size() == 1 && serve.size() == 1 && ask.size() == 1);
  const Outcome made = workshop_.Run(absl::StrJoin(make, " && "));
  ASSERT_EQ(made.exit_code, 0) << made.output;

  const std::string here = absl::StrReplaceAll(
      serve[0], {{"0.0.0.0:7001", "127.0.0.1:0"}, {"=browse.textproto", "=deploy/config/browse.textproto"}});
  ASSERT_NE(here, serve[0]);
  ChildProcess replay = workshop_.Start(absl::StrCat(flags[0], "; exec ", here, " --run_dir=served"));
  const std::string address = workshop_.AwaitAddress(workshop_.Path("served"), "replay", "grpc");
  const std::string question = absl::StrReplaceAll(ask[0], {{"replay:7001", address}});
  ASSERT_NE(question, ask[0]);
  const Outcome answer = workshop_.Run(absl::StrCat(flags[0], "; ", question));
  EXPECT_EQ(answer.exit_code, 0) << answer.output;
  EXPECT_THAT(answer.output, HasSubstr("transitions"));
  // Without them, no answer.
  EXPECT_EQ(workshop_.Run(absl::StrReplaceAll(question, {{"$flags", ""}})).exit_code, 1);
  replay.Signal(SIGTERM);
  EXPECT_EQ(workshop_.Finish(replay).exit_code, 0);
}

// What is exported for containers gives flags that every role has.
TEST_F(SecurityPageTest, WhatIsExportedIsRead) {
  const std::string compose = FileContent(testing::SourceDir() + "/docker-compose.yml");
  const WordChecker check(testing::SourceDir(), workshop_);
  for (const std::string& line : LinesThatBegin("export")) {
    const std::string name = line.substr(7, line.find('=') - 7);
    EXPECT_THAT(compose, HasSubstr("${" + name + ":-")) << line;
    check.RoleFlags(line);
  }
}

}  // namespace
}  // namespace recbots::documents
