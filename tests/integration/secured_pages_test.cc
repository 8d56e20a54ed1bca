// All roles with certificates and a token: what their pages show with and without it, and that the token is in nothing
// that the roles write, serve or are called with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <filesystem>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/role/roles.h"
#include "deploy/cli/cluster/local_cluster.h"
#include "tests/integration/programs.h"
#include "tests/support/certificate_folder.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;

constexpr char kToken[] = "0123456789abcdef-token";
constexpr char kOtherToken[] = "fedcba9876543210-token";

class SecuredPagesTest : public testing::ProgramsTest {
 protected:
  std::vector<std::string> Security() const {
    return {"--tls_cert=" + files_.Path("role.pem"), "--tls_key=" + files_.Path("role.key"),
            "--tls_ca=" + files_.Path("ca.pem"), "--token_file=" + files_.Path("token")};
  }

  // Replay, learner, actor and evaluator, each with all flags of security. Returns when all are ready.
  void StartRoles() {
    const std::string replay = absl::StrCat("127.0.0.1:", *FindFreePort());
    const std::string learner = absl::StrCat("127.0.0.1:", *FindFreePort());
    for (const RoleKind& role : kRoles) {
      const std::string name = role.name;
      std::vector<std::string> arguments = Security();
      arguments.insert(arguments.end(), {"--config=" + testing::SourceDir() + "/deploy/config/browse.textproto",
                                         "--run_dir=" + dir_ + "/run"});
      if (role.serves) arguments.push_back("--listen=" + (name == "replay" ? replay : learner));
      if (name == "replay") arguments.push_back("--checkpoint_dir=" + dir_ + "/checkpoints");
      if (name == "learner") arguments.push_back("--keep");
      for (const char* peer : role.peers) {
        if (peer != nullptr)
          arguments.push_back(absl::StrCat("--", peer, "=", peer == absl::string_view("replay") ? replay : learner));
      }
      roles_.push_back(Start("recbots-" + name, arguments));
    }
    for (const RoleKind& role : kRoles) {
      ASSERT_TRUE(Await([&] { return !Address(role.name).empty(); })) << role.name;
      ASSERT_TRUE(Await([&] { return Get(role.name, "/healthz").first == 200; })) << role.name;
    }
  }
  void EndRoles() {
    while (!roles_.empty()) {
      roles_.back().Signal(SIGTERM);
      const Outcome outcome = Finish(roles_.back(), absl::Seconds(60));
      EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
      roles_.pop_back();
    }
  }

  std::string Address(const std::string& role) const {
    for (const absl::string_view line : absl::StrSplit(Read(dir_ + "/run/" + role + ".addresses"), '\n')) {
      if (absl::StartsWith(line, "http ")) return std::string(line.substr(5));
    }
    return "";
  }
  httplib::Client MakeClient(const std::string& role) const {
    httplib::Client client("https://" + Address(role));
    client.set_ca_cert_path(files_.Path("ca.pem").c_str());
    client.enable_server_certificate_verification(true);
    return client;
  }
  // Status and body; status 0 if there is no answer.
  std::pair<int, std::string> Get(const std::string& role, const std::string& path,
                                  const httplib::Headers& headers = {}) const {
    const httplib::Result answer = MakeClient(role).Get(path, headers);
    return answer ? std::pair(answer->status, answer->body) : std::pair(0, std::string());
  }

  // The files below `folder` that contain `text`.
  static std::vector<std::string> FilesWith(const std::string& text, const std::string& folder) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file() && absl::StrContains(Read(entry.path()), text)) found.push_back(entry.path());
    }
    return found;
  }

  testing::CertificateFolder files_;
  std::list<ChildProcess> roles_;
};

const httplib::Headers kRight = {{"Authorization", absl::StrCat("Bearer ", kToken)}};
const httplib::Headers kWrong = {{"Authorization", absl::StrCat("Bearer ", kOtherToken)}};

TEST_F(SecuredPagesTest, AreShownToThoseWithTheTokenOnlyAndNothingShowsTheToken) {
  StartRoles();
  if (HasFatalFailure()) return;
  // A browser logs in at the learner.
  const httplib::Result in =
      MakeClient("learner").Post("/login", {{"Accept", "text/html"}}, httplib::Params{{"token", kToken}});
  ASSERT_TRUE(in);
  EXPECT_EQ(in->status, 303);
  const std::string set_cookie = in->get_header_value("Set-Cookie");
  EXPECT_THAT(set_cookie, AllOf(HasSubstr("; Secure"), Not(HasSubstr(kToken))));
  const httplib::Headers cookie = {{"Cookie", set_cookie.substr(0, set_cookie.find(';'))}};

  for (const RoleKind& role : kRoles) {
    SCOPED_TRACE(role.name);
    for (const std::string path : {"/metrics", "/statusz", "/statusz?format=text"}) {
      EXPECT_EQ(Get(role.name, path).first, 401) << path;
      EXPECT_EQ(Get(role.name, path, kWrong).first, 401) << path;
      EXPECT_EQ(Get(role.name, path, cookie).first, 200) << path;
      const auto [status, page] = Get(role.name, path, kRight);
      EXPECT_EQ(status, 200) << path;
      EXPECT_THAT(page, AllOf(HasSubstr(role.name), Not(HasSubstr(kToken)), Not(HasSubstr("PRIVATE KEY"))));
    }
    EXPECT_THAT(Get(role.name, "/metrics", kRight).second,
                HasSubstr("recbots_process_page_refusals_total{reason=\"wrong\"} 3\n"));
    EXPECT_EQ(Get(role.name, absl::StrCat("/statusz?token=", kToken)).first, 303);
    EXPECT_EQ(Get(role.name, absl::StrCat("/statusz?token=", kOtherToken)).first, 401);
    EXPECT_EQ(httplib::Client("http://" + Address(role.name)).Get("/metrics")->status, 400);
    std::vector<std::string> ask = {"health", "--http", Address(role.name)};
    EXPECT_EQ(RunProgram("recbots", ask).log, "serving\n");
    for (const std::string& flag : Security()) ask.push_back(flag);
    EXPECT_EQ(RunProgram("recbots", ask).log, "serving\n");
  }
  // Leases, and what replay says of itself, go over the same connections.
  EXPECT_EQ(Get("learner", "/api/roles").first, 401);
  for (const std::string path : {"/", "/dashboard.js", "/api/v1/status", "/api/v1/series", "/api/v1/events"}) {
    EXPECT_EQ(Get("learner", path).first, 401) << path;
  }
  EXPECT_EQ(Get("learner", "/", kRight).first, 200);
  EXPECT_EQ(Get("learner", "/api/v1/status", kRight).first, 200);
  for (const RoleKind& role : kRoles) {
    const std::string joined = absl::StrCat("\"role\": \"", role.name, "\",");
    EXPECT_TRUE(Await([&] { return absl::StrContains(Get("learner", "/api/roles", kRight).second, joined); }))
        << joined;
  }
  EXPECT_THAT(Get("learner", "/api/roles", kRight).second, HasSubstr("\"pages\": \"https://"));
  for (const ChildProcess& role : roles_) {
    for (const char* file : {"cmdline", "environ"}) {
      const std::string content = Read(absl::StrCat("/proc/", role.pid(), "/", file));
      EXPECT_THAT(content, Not(HasSubstr(kToken))) << role.name() << " " << file;
    }
  }
  EXPECT_TRUE(Await([this] { return absl::StrContains(Get("learner", "/metrics", kRight).second, "goal_reached 1"); }))
      << "the roles do not talk to each other";
  EndRoles();
  EXPECT_TRUE(std::filesystem::exists(dir_ + "/run/report.json"));
  for (const char* secret : {kToken, kOtherToken, "PRIVATE KEY"}) {
    EXPECT_THAT(FilesWith(secret, dir_), ::testing::IsEmpty());
  }
  // The search finds what is there.
  EXPECT_THAT(FilesWith("pages at https://", dir_), ::testing::SizeIs(kRoles.size()));
}

}  // namespace
}  // namespace recbots
