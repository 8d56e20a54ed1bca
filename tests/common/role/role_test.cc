// Flags of every role: addresses of peers and security, and the exit codes for what is wrong with them.
#include "common/role/role.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <array>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/role/roles.h"
#include "tests/common/rpc/test_certificates.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestCertificates;

struct Outcome {
  int exit_code = 0;
  std::string log;
};

Outcome RunTester(std::vector<std::string> flags, const std::function<absl::Status(Role&)>& body) {
  flags.insert(flags.begin(),
               {"recbots-tester", "--config=" + testing::SourceDir() + "/deploy/config/browse.textproto"});
  std::vector<char*> argv;
  for (std::string& flag : flags) argv.push_back(flag.data());
  ::testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.exit_code = RunRole("tester", {"listen", "replay", "learner", "checkpoint_dir"},
                              static_cast<int>(argv.size()), argv.data(), body);
  outcome.log = ::testing::internal::GetCapturedStderr();
  return outcome;
}

absl::Status Fine(Role&) { return absl::OkStatus(); }

TEST(RoleTest, WithoutFlagsThereIsNoSecurityAndNoCheckpoint) {
  const Outcome outcome = RunTester({}, [](Role& role) {
    EXPECT_EQ(role.security(), nullptr);
    EXPECT_EQ(role.flags().value("checkpoint_dir"), "");
    return absl::OkStatus();
  });
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.log;
}

TEST(RoleTest, LoadsCertificatesAndToken) {
  const TestCertificates certificates;
  const Outcome outcome = RunTester(
      {"--tls_cert=" + certificates.Path("role.pem"), "--tls_key=" + certificates.Path("role.key"),
       "--tls_ca=" + certificates.Path("ca.pem"), "--token_file=" + certificates.Path("token")},
      [](Role& role) {
        EXPECT_NE(role.security(), nullptr);
        EXPECT_TRUE(role.security()->has_tls() && role.security()->has_authority() && role.security()->has_token());
        return absl::OkStatus();
      });
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.log;
}

TEST(RoleTest, WrongSecurityIsBadUsageAndNothingStarts) {
  const TestCertificates certificates;
  const std::string cert = certificates.Path("role.pem");
  for (const auto& [flags, says] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--tls_cert=" + cert}, "--tls_key"},
           {{"--tls_cert=" + cert, "--tls_key=" + certificates.Path("stranger.key")}, "not that of the certificate"},
           {{"--tls_ca=/nowhere/ca.pem"}, "--tls_ca '/nowhere/ca.pem': cannot be read"},
           {{"--token_file="}, "--token_file '', want a file"}}) {
    const Outcome outcome = RunTester(flags, [](Role&) {
      ADD_FAILURE() << "the body ran";
      return absl::OkStatus();
    });
    EXPECT_EQ(outcome.exit_code, kExitBadUsage);
    EXPECT_THAT(outcome.log, HasSubstr(says));
  }
}

TEST(RoleTest, ReplayMayBeSeveralAndTheLearnerIsOne) {
  const std::string list = "replay:7001,10.0.0.2:7001,unix:/run/replay.sock";
  const Outcome outcome = RunTester({"--replay=" + list, "--learner=unix:/run/learner.sock"}, [&](Role& role) {
    EXPECT_EQ(*role.PeerAddress("replay"), list);
    EXPECT_EQ(*role.PeerAddress("learner"), "unix:/run/learner.sock");
    return absl::OkStatus();
  });
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.log;
}

TEST(RoleTest, AddressesThatNobodyCanServeAreBadUsage) {
  for (const auto& [peer, address, says] : std::vector<std::array<std::string, 3>>{
           {"replay", "", "no port"},
           {"replay", "replay:7001,", "no port"},
           {"replay", "replay:0", "want 1..65535"},
           {"replay", "unix:relative.sock", "from the root on"},
           {"replay", "unix:/" + std::string(107, 'x'), "path of 108 bytes, want at most 107"},
           {"learner", "learner:7002,learner:7003", "2 addresses, want 1"}}) {
    const Outcome outcome =
        RunTester({"--" + peer + "=" + address}, [&](Role& role) { return role.PeerAddress(peer).status(); });
    EXPECT_EQ(outcome.exit_code, kExitBadUsage) << address;
    EXPECT_THAT(outcome.log, AllOf(HasSubstr("--" + peer), HasSubstr(says))) << address;
  }
}

TEST(RoleTest, AddressesThatNobodyCanListenAtAreBadUsage) {
  for (const auto& [flag, address, says] :
       std::vector<std::array<std::string, 3>>{{"http", "9100", "no port, want host:port"},
                                               {"http", "127.0.0.1:99999", "want 0..65535"},
                                               {"http", "", "no port"},
                                               {"listen", "7001", "no port, want host:port or unix:/path"},
                                               {"listen", "unix:relative", "from the root on"},
                                               {"listen", "127.0.0.1:0,", "no port"}}) {
    const Outcome outcome = RunTester({"--" + flag + "=" + address}, [](Role&) {
      ADD_FAILURE() << "the body ran";
      return absl::OkStatus();
    });
    EXPECT_EQ(outcome.exit_code, kExitBadUsage) << flag << " " << address;
    EXPECT_THAT(outcome.log, AllOf(HasSubstr("--" + flag + " '" + address + "'"), HasSubstr(says)));
  }
}

TEST(RoleTest, AHostThatIsNotThisMachineIsBadUsageAndAPortInUseIsNot) {
  const auto serve = [](Role& role) { return role.StartHttp([] { return std::vector<StatusSection>(); }).status(); };
  const Outcome elsewhere = RunTester({"--http=no-such-host.invalid:0"}, serve);
  EXPECT_EQ(elsewhere.exit_code, kExitBadUsage);
  EXPECT_THAT(elsewhere.log, HasSubstr("--http 'no-such-host.invalid:0': "));
  Metrics metrics({"tester"});
  const auto first = HttpServer::Start({}, metrics);
  ASSERT_TRUE(first.ok()) << first.status();
  const Outcome taken = RunTester({"--http=" + (*first)->address()}, serve);
  EXPECT_EQ(taken.exit_code, kExitFailed);
  EXPECT_THAT(taken.log, HasSubstr("in use"));
}

TEST(RoleTest, TheEndOfAnotherRoleHasAnExitCodeOfItsOwn) {
  const Outcome outcome = RunTester({}, [](Role&) { return WouldGoOn(absl::UnavailableError("rank 1 is gone")); });
  EXPECT_EQ(outcome.exit_code, kExitStartAgain);
  EXPECT_THAT(outcome.log, HasSubstr("rank 1 is gone"));
  EXPECT_EQ(RunTester({}, [](Role&) { return WouldGoOn(absl::OkStatus()); }).exit_code, kExitOk);
}

// What a role is given for gRPC holds for its pages, too.
TEST(RoleTest, PagesHaveTheCertificateAndTheTokenOfTheRole) {
  const TestCertificates certificates;
  const auto no_sections = [] { return std::vector<StatusSection>(); };
  const Outcome outcome =
      RunTester({"--tls_cert=" + certificates.Path("role.pem"), "--tls_key=" + certificates.Path("role.key"),
                 "--tls_ca=" + certificates.Path("ca.pem"), "--token_file=" + certificates.Path("token")},
                [&](Role& role) {
                  const auto http = role.StartHttp(no_sections);
                  EXPECT_TRUE(http.ok()) << http.status();
                  httplib::Client client("https://" + (*http)->address());
                  client.set_ca_cert_path(certificates.Path("ca.pem").c_str());
                  EXPECT_EQ(client.Get("/healthz")->status, 503);
                  EXPECT_EQ(client.Get("/metrics")->status, 401);
                  client.set_bearer_token_auth("0123456789abcdef-token");
                  EXPECT_EQ(client.Get("/metrics")->status, 200);
                  const httplib::Result page = client.Get("/statusz?format=text");
                  EXPECT_THAT(page->body, AllOf(HasSubstr("document_browsing"), Not(HasSubstr("0123456789abcdef"))));
                  return absl::OkStatus();
                });
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.log;
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("pages at https://"), Not(HasSubstr("0123456789abcdef"))));
}

TEST(RoleTest, ATokenWithoutTlsIsEnoughOnThisMachineAndAWarningBeyond) {
  const TestCertificates certificates;
  const auto serve = [](Role& role) { return role.StartHttp([] { return std::vector<StatusSection>(); }).status(); };
  // An authority alone is no certificate that the role could show.
  const std::vector<std::string> flags = {"--token_file=" + certificates.Path("token"),
                                          "--tls_ca=" + certificates.Path("ca.pem")};
  const Outcome here = RunTester(flags, serve);
  EXPECT_EQ(here.exit_code, kExitOk) << here.log;
  EXPECT_THAT(here.log, AllOf(HasSubstr("pages at http://"), Not(HasSubstr("can read the token"))));
  const Outcome everywhere = RunTester({flags[0], flags[1], "--http=0.0.0.0:0"}, serve);
  EXPECT_EQ(everywhere.exit_code, kExitOk) << everywhere.log;
  EXPECT_THAT(everywhere.log, HasSubstr("can read the token: want --tls_cert and --tls_key"));
}

TEST(RoleTest, PagesShowTheBeginningOfALargeConfiguration) {
  const std::string path = ::testing::TempDir() + "/large.textproto";
  std::ofstream file(path);
  file << "environment { document_browsing { num_documents: 1000 acceptance: [0.5";
  for (int i = 1; i < 1000 * 1000; ++i) file << ", 0.5";
  file << "] } }";
  file.close();
  const Outcome outcome = RunTester({"--config=" + path}, [](Role& role) {
    const auto http = role.StartHttp([] { return std::vector<StatusSection>(); });
    EXPECT_TRUE(http.ok()) << http.status();
    const httplib::Result page = httplib::Client("127.0.0.1", (*http)->port()).Get("/statusz?format=text");
    if (!page) return absl::InternalError("no page");
    EXPECT_LT(page->body.size(), 100000u);
    EXPECT_THAT(page->body, AllOf(HasSubstr("document_browsing {"), HasSubstr(" bytes in all)")));
    return absl::OkStatus();
  });
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.log;
}

TEST(RoleTest, HelpNamesTheFlagsOfSecurity) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(RunTester({"--help"}, Fine).exit_code, kExitOk);
  const std::string help = ::testing::internal::GetCapturedStdout();
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(RunTester({"-h"}, Fine).exit_code, kExitOk);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), help);
  for (const FlagSpec& flag : SecurityFlags()) EXPECT_THAT(help, HasSubstr("--" + flag.name));
}

// Who writes the main of a role learns it at once.
TEST(RoleDeathTest, AFlagThatNoRoleHasIsRefused) {
  std::string program = "recbots-tester";
  char* argv[] = {program.data()};
  EXPECT_DEATH(RunRole("tester", {"listen", "chekpoint_dir"}, 1, argv, Fine), "no role has a flag 'chekpoint_dir'");
}

TEST(RolesTest, ArePartnersOfEachOther) {
  for (const RoleKind& role : kRoles) {
    EXPECT_EQ(FindRole(role.name), &role);
    EXPECT_TRUE(role.serves || !role.sharded) << role.name;
    for (const char* peer : role.peers) {
      EXPECT_TRUE(peer == nullptr || (FindRole(peer) != nullptr && FindRole(peer)->serves)) << role.name;
    }
  }
  EXPECT_EQ(FindRole("tester"), nullptr);
  EXPECT_STREQ(FindWorker(v1::WORKER_ROLE_EVALUATOR)->name, "evaluator");
  EXPECT_EQ(FindWorker(v1::WORKER_ROLE_UNSPECIFIED), nullptr);
  for (int worker = v1::WorkerRole_MIN + 1; worker <= v1::WorkerRole_MAX; ++worker) {
    EXPECT_NE(FindWorker(static_cast<v1::WorkerRole>(worker)), nullptr) << worker;
  }
}

// What a role says of itself: on its pages, in its metrics, and in the report that its lease carries.
TEST(RoleTest, ARoleThatStallsSaysWhyOnItsPagesAndInItsReport) {
  const Outcome outcome = RunTester({"--set=learner.stall_after_seconds=0.001"}, [](Role& role) {
    const auto http = role.StartHttp([] { return std::vector<StatusSection>(); });
    EXPECT_TRUE(http.ok()) << http.status();
    httplib::Client client("http://" + (*http)->address());
    EXPECT_EQ(client.Get("/healthz")->body, "not ready: starting\n");
    role.SetActivity("acting");
    role.SetHealthy(true);
    EXPECT_EQ(client.Get("/healthz")->body, "ok\n") << "no progress is expected yet";
    role.stalls().Begin("step");
    role.stalls().Progressed(16);
    {
      const ScopedWait wait(
          &role.waits(),
          {.thing = "room in table t", .peer = "127.0.0.1:8000", .deadline = Instant::Now() + absl::Hours(1)});
      absl::SleepFor(absl::Milliseconds(2));
      const httplib::Result health = client.Get("/healthz");
      EXPECT_EQ(health->status, 503);
      EXPECT_THAT(health->body,
                  AllOf(HasSubstr("no step for "), HasSubstr(" s: waiting for room in table t at 127.0")));
      const std::string page = client.Get("/statusz?format=text")->body;
      EXPECT_THAT(page, HasSubstr("  stalled: no step for "));
      EXPECT_THAT(page, HasSubstr("  doing: waiting for room in table t at 127.0.0.1:8000\n"));
      EXPECT_THAT(page, HasSubstr("  room in table t at 127.0.0.1:8000: for 0.0 s, gives up in 59m"));
      const v1::RoleReport report = role.Report();
      EXPECT_EQ(report.role(), "tester");
      EXPECT_EQ(report.instance(), role.instance());
      EXPECT_NE(report.instance(), 0u);
      EXPECT_EQ(report.name(), role.process_name());
      EXPECT_EQ(report.pages(), "http://" + (*http)->address());
      EXPECT_EQ(report.progress(), 16);
      EXPECT_EQ(report.progress_unit(), "steps");
      EXPECT_THAT(report.stall(), HasSubstr("no step for "));
      EXPECT_GT(report.stalled_seconds(), 0);
      EXPECT_EQ(report.waits_size(), 1);
      EXPECT_EQ(report.waits(0).peer(), "127.0.0.1:8000");
      EXPECT_GT(report.waits(0).deadline_seconds(), 3500);
      const std::string stalled = "recbots_process_stalled_seconds 0.";
      const Instant deadline = Instant::Now() + absl::Seconds(30);
      while (client.Get("/metrics")->body.find(stalled) == std::string::npos && Instant::Now() < deadline) {
        absl::SleepFor(absl::Milliseconds(10));
      }
      EXPECT_GT(role.metrics().gauge(metric::kStalled).Value(), 0);
    }
    EXPECT_THAT(client.Get("/statusz?format=text")->body, HasSubstr("Waits\n  none: \n"));
    role.stalls().End();
    EXPECT_EQ(client.Get("/healthz")->body, "ok\n");
    // Texts are clipped to what a lease may say.
    const std::string endless(5000, 'x');
    const ScopedWait wait(&role.waits(), {.thing = endless, .peer = endless});
    const v1::RoleReport report = role.Report();
    EXPECT_EQ(report.waits(0).thing().size(), 256u);
    EXPECT_EQ(report.waits(0).peer().size(), 1024u);
    EXPECT_EQ(report.doing().size(), 1024u);
    return absl::OkStatus();
  });
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.log;
  EXPECT_THAT(outcome.log, HasSubstr("stalled: no step for "));
}

}  // namespace
}  // namespace recbots
