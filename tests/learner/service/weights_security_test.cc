// A learner that asks for certificates and the token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "learner/client/evaluation_client.h"
#include "learner/client/weights_watcher.h"
#include "tests/common/rpc/test_certificates.h"
#include "tests/learner/service/test_learner.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using testing::Soon;
using testing::TestCertificates;
using testing::TestLearner;

class WeightsSecurityTest : public ::testing::Test {
 protected:
  WeightsSecurityTest()
      : learner_(absl::StrCat("127.0.0.1:0,unix:", certificates_.Path("learner.sock")),
                 {.security = certificates_.Make("role", "ca", "token")}) {
    learner_.store.Publish("weights", {});
  }

  std::string tcp() const { return absl::StrCat("127.0.0.1:", learner_.server->port()); }
  std::string unix_socket() const { return absl::StrCat("unix:", certificates_.Path("learner.sock")); }

  absl::StatusOr<std::shared_ptr<const Weights>> Fetch(const std::string& address,
                                                       std::shared_ptr<const Security> security) const {
    WeightsWatcherOptions options;
    options.address = address;
    options.configuration = TestLearner::Configuration();
    options.security = std::move(security);
    return WeightsWatcher::Start(options)->AwaitNewer(nullptr, Soon());
  }
  absl::Status Report(const std::string& address, std::shared_ptr<const Security> security) const {
    v1::Evaluation evaluation;
    evaluation.set_weights_version(1);
    evaluation.set_incarnation(learner_.store.incarnation());
    return EvaluationClient(address, std::move(security)).Report(evaluation, Soon());
  }

  TestCertificates certificates_;
  TestLearner learner_;
};

TEST_F(WeightsSecurityTest, ServesWhoHasCertificateAndToken) {
  const auto security = certificates_.Make("role", "ca", "token");
  for (const std::string& address : {tcp(), unix_socket()}) {
    const auto weights = Fetch(address, security);
    ASSERT_TRUE(weights.ok()) << address << ' ' << weights.status();
    EXPECT_EQ((*weights)->payload, "weights");
    EXPECT_TRUE(Report(address, security).ok()) << address;
  }
}

TEST_F(WeightsSecurityTest, RefusesOthersForGood) {
  for (const auto& [token, says] : {std::pair{"", "brings no token"}, std::pair{"other_token", "another token"}}) {
    const auto security = certificates_.Make("role", "ca", token);
    const absl::Status watched = Fetch(tcp(), security).status();
    EXPECT_EQ(watched.code(), absl::StatusCode::kUnauthenticated) << watched;
    EXPECT_THAT(std::string(watched.message()), HasSubstr(says));
    EXPECT_EQ(Report(tcp(), security).code(), absl::StatusCode::kUnauthenticated);
  }
  const auto stranger = certificates_.Make("role", "other_ca", "token");
  EXPECT_EQ(Fetch(tcp(), stranger).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Report(tcp(), stranger).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(learner_.service.num_watchers(v1::WORKER_ROLE_ACTOR), 0);
}

}  // namespace
}  // namespace recbots
