// Reports of evaluations, from client to callback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "learner/client/evaluation_client.h"
#include "tests/learner/service/test_learner.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Soon;
using testing::TestLearner;

class EvaluationTest : public ::testing::Test {
 protected:
  EvaluationTest()
      : learner_("127.0.0.1:0", {.on_evaluation =
                                     [this](const v1::Evaluation& evaluation) {
                                       MutexLock lock(&mu_);
                                       reported_.push_back(evaluation.weights_version());
                                     }}),
        client_(learner_.server->address()) {
    for (int i = 0; i < 3; ++i) learner_.store.Publish("w", {});
  }

  v1::Evaluation Evaluation(int64_t version) {
    v1::Evaluation evaluation;
    evaluation.set_weights_version(version);
    evaluation.set_incarnation(learner_.store.incarnation());
    evaluation.set_value(8.9);
    evaluation.set_random_value(1);
    return evaluation;
  }

  Mutex mu_;
  std::vector<int64_t> reported_ ABSL_GUARDED_BY(mu_);
  TestLearner learner_;
  EvaluationClient client_;
};

TEST_F(EvaluationTest, EachVersionIsPassedOnOnce) {
  for (const int64_t version : {2, 2, 1, 3, 1}) {
    EXPECT_TRUE(client_.Report(Evaluation(version), Soon()).ok());
  }
  MutexLock lock(&mu_);
  EXPECT_THAT(reported_, ElementsAre(2, 1, 3));
}

TEST_F(EvaluationTest, ImplausibleReportsAreRefusedAndNotPassedOn) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  v1::Evaluation wrong = Evaluation(4);
  EXPECT_THAT(std::string(client_.Report(wrong, Soon()).message()), HasSubstr("weights_version 4, want 1..3"));
  EXPECT_EQ(client_.Report(Evaluation(0), Soon()).code(), absl::StatusCode::kInvalidArgument);
  wrong = Evaluation(1);
  wrong.set_value(nan);
  EXPECT_THAT(std::string(client_.Report(wrong, Soon()).message()), HasSubstr("value nan"));
  wrong = Evaluation(1);
  wrong.set_optimum(std::numeric_limits<double>::infinity());
  EXPECT_THAT(std::string(client_.Report(wrong, Soon()).message()), HasSubstr("optimum inf"));
  wrong = Evaluation(1);
  wrong.set_value_ci95(-1);
  EXPECT_EQ(client_.Report(wrong, Soon()).code(), absl::StatusCode::kInvalidArgument);
  wrong = Evaluation(1);
  wrong.set_episodes(-1);
  EXPECT_EQ(client_.Report(wrong, Soon()).code(), absl::StatusCode::kInvalidArgument);
  wrong = Evaluation(1);
  wrong.set_incarnation(1);
  EXPECT_EQ(client_.Report(wrong, Soon()).code(), absl::StatusCode::kFailedPrecondition);
  MutexLock lock(&mu_);
  EXPECT_TRUE(reported_.empty());
}

TEST(EvaluationClientTest, DeadlineNamesVersionAndAddress) {
  std::string address;
  {
    const TestLearner learner;
    address = learner.server->address();
  }
  v1::Evaluation evaluation;
  evaluation.set_weights_version(12);
  const absl::Status status = EvaluationClient(address).Report(evaluation, absl::Now() + absl::Milliseconds(300));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("version 12"), HasSubstr(address)));
}

}  // namespace
}  // namespace recbots
