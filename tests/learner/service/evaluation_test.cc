// Reports of evaluations, from client to callback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "common/base/instant.h"
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
  wrong.set_optimum_ci95(nan);
  EXPECT_THAT(std::string(client_.Report(wrong, Soon()).message()), HasSubstr("optimum_ci95 nan"));
  wrong = Evaluation(1);
  wrong.set_incarnation(1);
  EXPECT_EQ(client_.Report(wrong, Soon()).code(), absl::StatusCode::kFailedPrecondition);
  MutexLock lock(&mu_);
  EXPECT_TRUE(reported_.empty());
}

TEST_F(EvaluationTest, ImplausibleReferencesAreRefused) {
  const auto message = [this](const std::string& name, double value, double ci95) {
    v1::Evaluation evaluation = Evaluation(1);
    v1::ReferenceValue& reference = *evaluation.add_references();
    reference.set_name(name);
    reference.set_value(value);
    reference.set_value_ci95(ci95);
    return std::string(client_.Report(evaluation, Soon()).message());
  };
  EXPECT_THAT(message("myopic", std::numeric_limits<double>::infinity(), 0), HasSubstr("reference myopic: value inf"));
  EXPECT_THAT(message("myopic", 1, -2), HasSubstr("reference myopic: value_ci95 -2"));
  EXPECT_THAT(message("", 1, 0), HasSubstr("name \"\", want 1..64"));
  EXPECT_THAT(message(std::string(65, 'a'), 1, 0), HasSubstr("want 1..64"));
  EXPECT_THAT(message("a\nb", 1, 0), HasSubstr("name \"a\\nb\""));
  v1::Evaluation many = Evaluation(1);
  for (int i = 0; i < 65; ++i) many.add_references()->set_name("r");
  EXPECT_THAT(std::string(client_.Report(many, Soon()).message()), HasSubstr("65 references, want at most 64"));
  {
    MutexLock lock(&mu_);
    EXPECT_TRUE(reported_.empty());
  }
  EXPECT_EQ(message("row_argmax", 1, 0.5), "");
}

TEST(EvaluationClientTest, DeadlineNamesVersionAndAddress) {
  std::string address;
  {
    const TestLearner learner;
    address = learner.server->address();
  }
  v1::Evaluation evaluation;
  evaluation.set_weights_version(12);
  const absl::Status status = EvaluationClient(address).Report(evaluation, Instant::Now() + absl::Milliseconds(300));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("version 12"), HasSubstr(address)));
}

}  // namespace
}  // namespace recbots
