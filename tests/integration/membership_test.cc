// Leases with real programs: a learner, replay, two actors and an evaluator, which die, stop, leave and come back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "deploy/cli/cluster/local_cluster.h"
#include "tests/integration/programs.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;

class MembershipTest : public testing::ProgramsTest {
 protected:
  using Children = std::map<std::string, std::unique_ptr<ChildProcess>>;

  // Starts a program under a name of its own ("actor-0"), with more flags than it needs in any case.
  void Launch(const std::string& name, const std::vector<std::string>& more = {}) {
    const std::string role = name.substr(0, name.find('-'));
    std::vector<std::string> flags = {"--config=" + testing::SourceDir() + "/deploy/config/browse.textproto",
                                      "--set=learner.stall_after_seconds=2",
                                      "--set=actor.policy_share_spread=8",
                                      "--set=actor.policy_share_max=0.9",
                                      "--set=goal.share_of_optimum=0",
                                      "--set=actor.max_steps_per_second=400"};
    if (role == "replay") flags.push_back("--listen=" + replay_);
    if (role == "learner") {
      flags.insert(flags.end(), {"--listen=" + learner_, "--http=" + http_, "--run_dir=" + dir_ + "/run", "--keep"});
    }
    if (role == "learner" || role == "actor") flags.push_back("--replay=" + replay_);
    if (role == "actor" || role == "evaluator") flags.push_back("--learner=" + learner_);
    flags.insert(flags.end(), more.begin(), more.end());
    children_[name] = std::make_unique<ChildProcess>(Start("recbots-" + role, flags));
    pids_[name] = children_[name]->pid();
  }
  void LaunchAll() {
    for (const char* name : {"replay", "learner", "actor-0", "actor-1", "evaluator"}) Launch(name);
  }
  void EndAll() {
    for (const char* name : {"evaluator", "actor-0", "actor-1", "learner", "replay"}) {
      if (children_[name] == nullptr || !children_[name]->Running()) continue;
      children_[name]->Signal(SIGTERM);
      const Outcome outcome = Finish(*children_[name], absl::Seconds(60));
      EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
    }
  }

  // /api/roles; null if nobody answers.
  nlohmann::json Roles() const {
    const httplib::Result answer = httplib::Client("http://" + http_).Get("/api/roles");
    if (!answer || answer->status != 200) return nullptr;
    return nlohmann::json::parse(answer->body)["roles"];
  }
  // The entry of the process that was launched under that name; null if there is none.
  nlohmann::json Entry(const std::string& name) const {
    for (const nlohmann::json& role : Roles()) {
      if (role["pid"] == pids_.at(name)) return role;
    }
    return nullptr;
  }
  std::string State(const std::string& name) const {
    const nlohmann::json entry = Entry(name);
    return entry.is_null() ? "none" : entry["state"].get<std::string>();
  }
  ::testing::AssertionResult AwaitState(const std::string& name, const std::set<std::string>& states,
                                        absl::Duration patience = absl::Seconds(60)) {
    if (Await([&] { return states.contains(State(name)); }, patience)) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << name << " is " << State(name) << ": " << Read(children_[name]->log_path());
  }
  std::string Metrics() const {
    const httplib::Result answer = httplib::Client("http://" + http_).Get("/metrics");
    return answer ? answer->body : "";
  }

  const std::string replay_ = absl::StrCat("127.0.0.1:", *FindFreePort());
  const std::string learner_ = absl::StrCat("127.0.0.1:", *FindFreePort());
  const std::string http_ = absl::StrCat("127.0.0.1:", *FindFreePort());
  Children children_;
  std::map<std::string, pid_t> pids_;
};

TEST_F(MembershipTest, RolesJoinAreLostLeaveAndComeBack) {
  LaunchAll();
  for (const char* name : {"replay", "learner", "actor-0", "actor-1", "evaluator"}) {
    ASSERT_TRUE(AwaitState(name, {"joined"})) << name;
  }
  ASSERT_TRUE(Await([&] { return Entry("actor-0")["weights"].is_object() && Entry("actor-0")["progress"] > 0; }));
  const nlohmann::json actor = Entry("actor-0");
  EXPECT_EQ(actor["role"], "actor");
  EXPECT_EQ(actor["progress_unit"], "steps");
  EXPECT_GE(actor["weights"]["version"], 1);
  EXPECT_THAT(actor["pages"].get<std::string>(), HasSubstr("http://127.0.0.1:"));
  EXPECT_NE(Entry("actor-0")["worker_index"], Entry("actor-1")["worker_index"]);
  EXPECT_EQ(Entry("replay")["progress_unit"], "rows");
  // The page that the entry names is that of the role.
  const httplib::Result page = httplib::Client(actor["pages"].get<std::string>()).Get("/statusz?format=text");
  ASSERT_TRUE(page);
  EXPECT_THAT(page->body, HasSubstr(absl::StrCat("name: ", actor["name"].get<std::string>())));

  children_["actor-0"]->Signal(SIGKILL);
  EXPECT_TRUE(AwaitState("actor-0", {"lost"}, absl::Seconds(10)));
  EXPECT_TRUE(
      Await([&] { return absl::StrContains(Metrics(), R"(recbots_learner_roles{role="actor",state="lost"} 1)"); }));

  children_["evaluator"]->Signal(SIGTERM);
  EXPECT_TRUE(AwaitState("evaluator", {"left"}));
  Launch("evaluator");
  EXPECT_TRUE(AwaitState("evaluator", {"joined"}));
  Launch("actor-0");
  EXPECT_TRUE(AwaitState("actor-0", {"joined"}));

  const nlohmann::json before = Entry("actor-1");
  children_["actor-1"]->Signal(SIGSTOP);
  EXPECT_TRUE(AwaitState("actor-1", {"lagging", "lost"}));
  children_["actor-1"]->Signal(SIGCONT);
  EXPECT_TRUE(AwaitState("actor-1", {"joined"}));
  EXPECT_EQ(Entry("actor-1")["instance"], before["instance"]) << "the same process";

  children_["replay"]->Signal(SIGTERM);
  EXPECT_TRUE(AwaitState("replay", {"left"}));
  Launch("replay");
  EXPECT_TRUE(AwaitState("replay", {"joined"}));
  EndAll();
}

TEST_F(MembershipTest, AllRolesJoinALearnerThatIsStartedAgainAndKeepTheirShares) {
  LaunchAll();
  for (const char* name : {"actor-0", "actor-1", "evaluator", "replay"}) ASSERT_TRUE(AwaitState(name, {"joined"}));
  ASSERT_TRUE(Await(
      [&] { return Entry("actor-0")["worker_index"].is_number() && Entry("actor-1")["worker_index"].is_number(); }));
  const nlohmann::json had[] = {Entry("actor-0")["worker_index"], Entry("actor-1")["worker_index"]};
  // A checkpoint, so that the run goes on.
  ASSERT_TRUE(Await([&] { return absl::StrContains(Metrics(), R"(checkpoints_total{outcome="finished"})"); }));
  children_["learner"]->Signal(SIGKILL);
  ASSERT_TRUE(children_["learner"]->AwaitEnd(Instant::Now() + absl::Seconds(30)));
  Launch("learner");
  Launch("actor-2");  // Perhaps quicker than those that come back.
  for (const char* name : {"learner", "actor-0", "actor-1", "evaluator", "replay", "actor-2"}) {
    EXPECT_TRUE(AwaitState(name, {"joined"})) << name;
  }
  ASSERT_TRUE(Await([&] { return Entry("actor-2")["worker_index"].is_number(); }));
  EXPECT_EQ(Entry("actor-0")["worker_index"], had[0]);
  EXPECT_EQ(Entry("actor-1")["worker_index"], had[1]);
  EXPECT_EQ(Entry("actor-2")["worker_index"], 2);
  // Streams: each actor says in its log which ones it has.
  std::set<std::string> streams;
  for (const char* name : {"actor-0", "actor-1", "actor-2"}) {
    const std::string log = Read(children_[name]->log_path());
    const size_t begin = log.find("first_stream=");
    ASSERT_NE(begin, std::string::npos) << log;
    streams.insert(log.substr(begin, log.find_first_of(" \n", begin) - begin));
  }
  EXPECT_EQ(streams.size(), 3u);
  children_["actor-2"]->Signal(SIGTERM);
  EXPECT_EQ(Finish(*children_["actor-2"], absl::Seconds(60)).exit_code, 0);
  EndAll();
}

// The learner is stopped: actors fill what the limiter admits, and then wait for room.
TEST_F(MembershipTest, ARoleThatStallsSaysWhyEverywhere) {
  LaunchAll();
  ASSERT_TRUE(AwaitState("actor-0", {"joined"}));
  ASSERT_TRUE(Await([&] { return Entry("actor-0")["progress"] > 0; }));
  const std::string pages = Entry("actor-0")["pages"];
  const auto health = [&pages] {
    const httplib::Result answer = httplib::Client(pages).Get("/healthz");
    return answer ? absl::StrCat(answer->status, " ", answer->body) : "";
  };
  EXPECT_EQ(health(), "200 ok\n");
  children_["learner"]->Signal(SIGSTOP);
  EXPECT_TRUE(Await([&] { return absl::StartsWith(health(), "503 no step for "); })) << health();
  EXPECT_THAT(health(), HasSubstr(absl::StrCat(" s: waiting for room in table transitions at ", replay_)));
  EXPECT_TRUE(Await([&pages] {
    const httplib::Result metrics = httplib::Client(pages).Get("/metrics");
    return metrics && absl::StrContains(metrics->body, "recbots_process_stalled_seconds ") &&
           !absl::StrContains(metrics->body, "recbots_process_stalled_seconds 0\n");
  }));
  EXPECT_TRUE(AwaitLog(*children_["actor-0"], "stalled: no step for ", absl::Seconds(30)));
  children_["learner"]->Signal(SIGCONT);
  EXPECT_TRUE(Await([&] { return health() == "200 ok\n"; })) << health();

  // Without actors the learner has nothing to learn from, and says so in its line.
  for (const char* name : {"actor-0", "actor-1"}) {
    children_[name]->Signal(SIGTERM);
    EXPECT_EQ(Finish(*children_[name], absl::Seconds(60)).exit_code, 0);
  }
  EXPECT_TRUE(AwaitLog(*children_["learner"], absl::StrCat(" s: waiting for a batch from replay at ", replay_, ")"),
                       absl::Seconds(60)));
  EXPECT_THAT(Read(children_["learner"]->log_path()), HasSubstr("| stalled: learner "));
  EXPECT_EQ(State("evaluator"), "joined");
  EXPECT_TRUE(Entry("evaluator")["stalled"].is_null()) << "it waits for newer weights: there is nothing to do";
  EndAll();
}

}  // namespace
}  // namespace recbots
