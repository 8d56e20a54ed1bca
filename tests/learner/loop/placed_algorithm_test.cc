#include "learner/loop/placed_algorithm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/config.h"
#include "common/networks/torch_device.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

class PlacedAlgorithmTest : public ::testing::Test {
 protected:
  PlacedAlgorithmTest() {
    spec_.num_user_features = 3;
    spec_.num_candidates = 5;
    spec_.slate_size = 1;
    config_.mutable_algorithm()->mutable_dqn();
    config_.mutable_learner()->set_device("cpu");
  }

  v1::ExperimentConfig config_;
  EnvironmentSpec spec_;
};

TEST_F(PlacedAlgorithmTest, LearnsWhereTheSettingsSay) {
  const auto placed = PlaceAlgorithm(config_, spec_);
  ASSERT_TRUE(placed.ok()) << placed.status();
  EXPECT_EQ(placed->device, Device());
  EXPECT_EQ(placed->line, "learning on cpu: asked for");
  EXPECT_EQ(placed->algorithm->compute_mode(), Algorithm::kKernelsMode);
}

TEST_F(PlacedAlgorithmTest, SaysWhyTheOpenChoiceFellAsItDid) {
  config_.mutable_learner()->set_device("auto");
  config_.mutable_learner()->set_batch_size(1);
  const auto placed = PlaceAlgorithm(config_, spec_);
  ASSERT_TRUE(placed.ok()) << placed.status();
  EXPECT_THAT(placed->line, HasSubstr("learning on cpu: "));
}

TEST_F(PlacedAlgorithmTest, RefusesAGpuThatIsNotThere) {
  config_.mutable_learner()->set_device("cuda:127");
  const auto placed = PlaceAlgorithm(config_, spec_);
  EXPECT_EQ(placed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(placed.status().message()), HasSubstr("device cuda:127: "));
}

}  // namespace
}  // namespace recbots
