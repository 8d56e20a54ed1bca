// What commands show at a terminal, and without one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <regex>

#include "tests/integration/fake_learner.h"
#include "tests/integration/programs.h"
#include "tests/integration/pseudo_terminal.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using testing::FakeLearner;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;
using testing::ProgramsTest;
using testing::PseudoTerminal;

constexpr char kEntered[] = "\x1b[?1049h";
constexpr char kLeft[] = "\x1b[?1049l";

std::vector<std::string> Recbots(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), std::string(RECBOTS_PROGRAM_DIR) + "/recbots");
  return arguments;
}

class TopTest : public ProgramsTest {
 protected:
  std::unique_ptr<PseudoTerminal> Start(const std::string& target, int columns = 80, int rows = 24,
                                        const std::vector<std::pair<std::string, std::string>>& variables = {}) {
    return std::make_unique<PseudoTerminal>(Recbots({"top", target, "--interval=0.1"}), columns, rows, variables);
  }
};

TEST_F(TopTest, ShowsTheRunAndGivesTheTerminalBack) {
  const FakeLearner learner;
  for (const std::string key : {"q", "\x03", "\x1b"}) {
    const auto top = Start(learner.address());
    ASSERT_TRUE(top->Await("q quits"));
    ASSERT_TRUE(top->Await("bound by: actors"));
    EXPECT_FALSE(top->IsAsBefore());
    top->Type(key);
    EXPECT_EQ(top->Finish(), 0);
    EXPECT_THAT(top->written(),
                AllOf(HasSubstr(kEntered), HasSubstr("made_up"), HasSubstr("7.5"), HasSubstr("start more actors"),
                      HasSubstr("host/12"), HasSubstr("lost"), HasSubstr(kLeft)));
    EXPECT_TRUE(top->IsAsBefore());
  }
}

TEST_F(TopTest, SignalsGiveTheTerminalBack) {
  const FakeLearner learner;
  for (const auto& [number, code] :
       {std::pair{SIGTERM, 130}, {SIGHUP, 130}, {SIGINT, 130}, {SIGQUIT, 128 + SIGQUIT}, {SIGABRT, 128 + SIGABRT}}) {
    const auto top = Start(learner.address());
    ASSERT_TRUE(top->Await("q quits"));
    top->Signal(number);
    EXPECT_EQ(top->Finish(), code) << number;
    EXPECT_THAT(top->written(), HasSubstr(kLeft)) << number;
    EXPECT_TRUE(top->IsAsBefore()) << number;
  }
}

TEST_F(TopTest, FollowsTheSizeOfItsTerminal) {
  const FakeLearner learner;
  const auto top = Start(learner.address());
  ASSERT_TRUE(top->Await("\x1b[24;1H"));
  EXPECT_THAT(top->written(), Not(HasSubstr("\x1b[25;1H")));
  size_t before = top->written().size();
  top->Resize(200, 60);
  ASSERT_TRUE(top->Await("\x1b[60;1H", before));
  before = top->written().size();
  top->Resize(30, 8);
  ASSERT_TRUE(top->Await("\x1b[8;1H", before));
  top->Type("q");
  EXPECT_EQ(top->Finish(), 0);
}

TEST_F(TopTest, WaitsForALearnerThatDiesAndComesBack) {
  auto learner = std::make_unique<FakeLearner>();
  const int port = learner->port();
  const auto top = Start(learner->address());
  ASSERT_TRUE(top->Await("live"));
  learner.reset();
  ASSERT_TRUE(top->Await("trying again"));
  const size_t silent = top->written().size();
  learner = std::make_unique<FakeLearner>(port);
  ASSERT_TRUE(top->Await("live", silent));
  top->Type("q");
  EXPECT_EQ(top->Finish(), 0);
}

TEST_F(TopTest, HasNoColoursWhereNobodyWantsThem) {
  const FakeLearner learner;
  const std::regex color("\x1b\\[[1-9][0-9]?m");
  for (const auto& [variable, colored] : {std::pair{"NO_COLOR", false}, {"OTHER", true}}) {
    const auto top = Start(learner.address(), 80, 24, {{variable, "1"}});
    ASSERT_TRUE(top->Await("q quits"));
    top->Type("q");
    EXPECT_EQ(top->Finish(), 0);
    EXPECT_EQ(std::regex_search(top->written(), color), colored) << variable;
  }
}

TEST_F(TopTest, PrintsOnceWithoutATerminal) {
  const FakeLearner learner;
  const Outcome outcome = RunProgram("recbots", {"top", learner.address()});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("no terminal"), HasSubstr("bound by: actors"), Not(HasSubstr("\x1b"))));
  const Outcome nobody = RunProgram("recbots", {"top", "127.0.0.1:1"});
  EXPECT_EQ(nobody.exit_code, 1);
  EXPECT_THAT(nobody.log, HasSubstr("no answer from http://127.0.0.1:1"));
  EXPECT_EQ(RunProgram("recbots", {"top", "no such thing"}).exit_code, 2);
}

class StatusTest : public ProgramsTest {
 protected:
  std::string TrainShortly() {
    const Outcome trained =
        RunProgram("recbots", {"train", testing::SourceDir() + "/deploy/config/browse.textproto",
                               "--run_dir=" + dir_ + "/run", "--quiet", "--set=goal.share_of_optimum=0",
                               "--set=goal.max_updates=20", "--set=evaluator.episodes=64"});
    EXPECT_EQ(trained.exit_code, 0) << trained.log;
    return dir_ + "/run";
  }
};

TEST_F(StatusTest, ShowsARunThatHasEnded) {
  const std::string run = TrainShortly();
  const Outcome text = RunProgram("recbots", {"status", run});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.log,
              AllOf(HasSubstr("browse (wolpertinger)"), HasSubstr("all updates done"), HasSubstr("updates 20")));
  const Outcome json = RunProgram("recbots", {"status", run, "--json"});
  const nlohmann::json status = nlohmann::json::parse(json.log);
  const nlohmann::json report = nlohmann::json::parse(Read(run + "/report.json"));
  EXPECT_EQ(status["stage"], "ended");
  EXPECT_EQ(status["value"], report["value"]);
  EXPECT_EQ(status["updates"], 20);
  // Nothing goes on, so that there is nothing to watch.
  EXPECT_EQ(RunProgram("recbots", {"status", run, "--watch"}).exit_code, 0);

  const Outcome list = RunProgram("recbots", {"runs", dir_});
  EXPECT_THAT(list.log, AllOf(HasSubstr("run "), HasSubstr("wolpertinger"), HasSubstr("all updates done")));
  const nlohmann::json runs = nlohmann::json::parse(RunProgram("recbots", {"runs", dir_, "--json"}).log);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0]["value"], report["value"]);

  const std::string page = dir_ + "/page.html";
  EXPECT_EQ(RunProgram("recbots", {"report", dir_, "--out=" + page}).exit_code, 0);
  EXPECT_THAT(Read(page), AllOf(HasSubstr("A: browse (wolpertinger)"),
                                HasSubstr(report["processor"].get<std::string>().substr(0, 8))));
  EXPECT_EQ(RunProgram("recbots", {"report", dir_, "--md", "--out=" + dir_ + "/page.md"}).exit_code, 0);
  EXPECT_THAT(Read(dir_ + "/page.md"), HasSubstr("## Groups"));
  EXPECT_EQ(RunProgram("recbots", {"report", dir_ + "/nowhere", "--out=" + page}).exit_code, 1);
  EXPECT_EQ(RunProgram("recbots", {"report", dir_, "--out=page.txt"}).exit_code, 2);
}

TEST_F(StatusTest, ShowsTheTokenWherePagesWantIt) {
  const std::string token = "0123456789abcdef0123456789abcdef";
  const FakeLearner learner(0, token);
  const Outcome without = RunProgram("recbots", {"status", learner.address()});
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_THAT(without.log, HasSubstr("--token_file=FILE"));
  ASSERT_TRUE(WriteFile(dir_ + "/token", token + "\n").ok());
  const Outcome with =
      RunProgram("recbots", {"status", "http://" + learner.address() + "/", "--token_file=" + dir_ + "/token"});
  EXPECT_EQ(with.exit_code, 0) << with.log;
  EXPECT_THAT(with.log, AllOf(HasSubstr("made_up"), Not(HasSubstr(token))));
}

TEST_F(StatusTest, ProgressIsForTerminals) {
  const std::vector<std::string> simulate = {"simulate", testing::SourceDir() + "/deploy/config/browse.textproto",
                                             "--episodes=200000"};
  PseudoTerminal terminal(Recbots(simulate), 80, 24);
  EXPECT_TRUE(terminal.Await("simulate ["));
  EXPECT_EQ(terminal.Finish(absl::Seconds(120)), 0);
  const Outcome piped = RunProgram("recbots", {simulate[0], simulate[1], "--episodes=2000"});
  EXPECT_EQ(piped.exit_code, 0);
  EXPECT_THAT(piped.log, Not(HasSubstr("simulate [")));
}

class ShellTest : public ProgramsTest {
 protected:
  // What bash completes for a line whose words are parted as bash parts them.
  std::string Complete(const std::string& words, int current) {
    return RunShell(absl::StrCat("source <($BIN/recbots completion bash)\nCOMP_WORDS=(", words,
                                 ")\nCOMP_CWORD=", current, "\n_recbots\necho \"${COMPREPLY[@]}\""))
        .log;
  }
};

TEST_F(ShellTest, BashCompletesCommandsFlagsAndWords) {
  EXPECT_EQ(Complete("recbots sta", 1), "status\n");
  EXPECT_EQ(Complete("recbots re", 1), "report reproduce\n");
  EXPECT_EQ(Complete("recbots train --run", 2), "--run_dir=\n");
  EXPECT_EQ(Complete("recbots bench --window", 2), "--window= --windows=\n");
  EXPECT_EQ(Complete("recbots status --js", 2), "--json\n");
  EXPECT_EQ(Complete("recbots completion z", 2), "zsh\n");
  EXPECT_EQ(Complete("recbots help exit", 2), "exit-codes\n");
  EXPECT_EQ(Complete("recbots bench-", 1), "\n");  // Commands that are not for people.
  ASSERT_TRUE(WriteFile(dir_ + "/mine.textproto", "").ok());
  EXPECT_EQ(Complete("recbots train mi", 2), "mine.textproto\n");
  EXPECT_EQ(Complete("recbots report --out = mi", 4), "mine.textproto\n");
}

TEST_F(ShellTest, ZshReadsItsScript) {
  if (RunShell("command -v zsh").exit_code != 0) GTEST_SKIP() << "there is no zsh here";
  const Outcome outcome = RunShell(
      "$BIN/recbots completion zsh > _recbots && zsh -n _recbots && zsh -fc 'autoload -U compinit; compinit -D -u; "
      "source ./_recbots; "
      "echo ${_comps[recbots]}'");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
  EXPECT_THAT(outcome.log, HasSubstr("_recbots"));
}

TEST_F(ShellTest, AsksWhatWasMeant) {
  const auto says = [this](const std::string& line) { return RunShell("$BIN/recbots " + line).log; };
  EXPECT_THAT(says("clutser x"), HasSubstr("unknown command 'clutser', did you mean 'cluster'?"));
  EXPECT_THAT(says("help exit-code"), HasSubstr("did you mean 'exit-codes'?"));
  EXPECT_THAT(says("status --jsno x"), HasSubstr("unknown flag --jsno, did you mean '--json'?"));
  const std::string config = testing::SourceDir() + "/deploy/config/";
  EXPECT_THAT(says("train " + config + "browes.textproto"),
              HasSubstr("did you mean '" + config + "browse.textproto'?"));
  EXPECT_THAT(says("train " + config + "browse.textproto --set learner.batchsize=3"),
              HasSubstr("did you mean 'batch_size'?"));
  EXPECT_THAT(RunShell("ln -s " + config + ".. deploy; $BIN/recbots train browse").log,
              HasSubstr("did you mean 'deploy/config/browse.textproto'?"));
}

TEST_F(ShellTest, ExplainsTopicsAndCommands) {
  for (const std::string topic : {"configuration", "environment", "exit-codes", "files"}) {
    const Outcome outcome = RunProgram("recbots", {"help", topic});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_GT(outcome.log.size(), 200U) << topic;
  }
  EXPECT_THAT(RunProgram("recbots", {"help", "status"}).log, HasSubstr("usage: recbots status"));
  EXPECT_THAT(RunProgram("recbots", {"help"}).log, AllOf(HasSubstr("recbots help TOPIC"), HasSubstr("exit-codes")));
  EXPECT_EQ(RunProgram("recbots", {"help", "nothing"}).exit_code, 2);
}

}  // namespace
}  // namespace recbots
