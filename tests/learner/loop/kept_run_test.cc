// What a learner's loop keeps of a run, and how it goes on from there.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "absl/time/time.h"
#include "tests/learner/loop/learner_loop_fixture.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class KeptRunTest : public LearnerLoopTest {};

TEST_F(KeptRunTest, WhatHasDivergedIsNeitherPublishedNorKept) {
  options_.publish_updates = 2;
  algorithm_.diverges_with = 4;
  const absl::Status status = Run(10);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("training has diverged with update 4: state: critic.w1[3] is nan"),
                    HasSubstr("the weights of update 2 were the last")));
  EXPECT_EQ(store_.newest()->header.updates(), 2);
  EXPECT_THAT(checkpoints_, IsEmpty());
  EXPECT_EQ(std::count(diverged_batch_.begin(), diverged_batch_.end(), '\n'), static_cast<std::ptrdiff_t>(kRows));
  EXPECT_THAT(diverged_batch_, HasSubstr("\"reward\":4,"));
}

// As on a GPU: the divergence is not known yet when a publication or a checkpoint is due.
TEST_F(KeptRunTest, WhatHasDivergedIsNotPublishedWhereItIsKnownLater) {
  options_.publish_updates = 3;
  options_.checkpoint_period = absl::Nanoseconds(1);
  algorithm_.diverges_with = 4;
  algorithm_.known_later = 100;
  const absl::Status status = Run(10);
  EXPECT_THAT(std::string(status.message()), HasSubstr("training has diverged with update 6: "))
      << "before the next publication";
  EXPECT_EQ(store_.newest()->header.updates(), 3);
  for (const Kept& kept : checkpoints_) EXPECT_LT(kept.updates, 4);
  EXPECT_FALSE(checkpoints_.empty());
}

TEST_F(KeptRunTest, ACheckpointComesAfterItsPeriodAndAtTheEnd) {
  ASSERT_TRUE(Run(5).ok());
  ASSERT_THAT(checkpoints_, SizeIs(1)) << "without a period, only at the end";
  EXPECT_TRUE(checkpoints_[0].last);
  EXPECT_EQ(checkpoints_[0].updates, 5);
  EXPECT_FALSE(checkpoints_[0].state.over());
  checkpoints_.clear();
  options_.checkpoint_period = absl::Nanoseconds(1);
  ASSERT_TRUE(Run(3).ok());
  ASSERT_GE(checkpoints_.size(), 4u) << "after every update, while waiting, and at the end";
  EXPECT_FALSE(checkpoints_[0].last);
  EXPECT_EQ(checkpoints_[0].updates, 6);
  EXPECT_EQ(checkpoints_.back().updates, 8);
  EXPECT_EQ(checkpoints_.back().state.published().version(), store_.version());
}

TEST_F(KeptRunTest, TheFirstCheckpointDoesNotWaitForThePeriod) {
  options_.checkpoint_period = absl::Hours(1);
  options_.first_checkpoint = absl::ZeroDuration();
  ASSERT_TRUE(Run(5).ok());
  ASSERT_THAT(checkpoints_, SizeIs(2)) << "the first one, and that of the end";
  EXPECT_EQ(checkpoints_[0].updates, 1);
  EXPECT_FALSE(checkpoints_[0].last);
}

TEST_F(KeptRunTest, ACheckpointThatFailsEndsNoRunButItsLastOneIsAnError) {
  options_.checkpoint_period = absl::Nanoseconds(1);
  kept_ = absl::ResourceExhaustedError("no space");
  EXPECT_EQ(Run(3), kept_);
  EXPECT_EQ(algorithm_.updates(), 3);
}

TEST_F(KeptRunTest, AfterAnErrorWhatWasLearntIsKept) {
  algorithm_.fails_with = absl::InvalidArgumentError("batch: slate");
  EXPECT_EQ(Run(1), algorithm_.fails_with);
  EXPECT_THAT(checkpoints_, SizeIs(1));
}

TEST_F(KeptRunTest, StepsGoOnFromWhereTheyWere) {
  ASSERT_TRUE(Run(4).ok());
  EXPECT_EQ(state_->env_steps(), 40);
  resumed_ = checkpoints_.back().state;
  resumed_->set_env_steps(40);
  resumed_->set_wall_seconds(100);
  source_.counts = {};  // Replay counts for the process that came back.
  const double counted = metrics_.counter(metric::kLearnerEnvSteps).Value();
  ASSERT_TRUE(Run(2).ok());
  EXPECT_EQ(state_->env_steps(), 60);
  EXPECT_EQ(state_->updates(), 6);
  EXPECT_GE(state_->wall_seconds(), 100);
  EXPECT_EQ(metrics_.counter(metric::kLearnerEnvSteps).Value() - counted, 20);
}

TEST_F(KeptRunTest, ARunThatWasOverEndsAgainWithoutAnUpdate) {
  ASSERT_TRUE(Run(10, MaxUpdates(5)).ok());
  EXPECT_TRUE(checkpoints_.back().state.over());
  resumed_ = checkpoints_.back().state;
  endings_.clear();
  ASSERT_TRUE(Run(10, MaxUpdates(5)).ok());
  EXPECT_EQ(algorithm_.updates(), 5);
  EXPECT_THAT(endings_, ElementsAre(Ending::kMaxUpdates)) << "its results are saved once more";
  ASSERT_TRUE(Run(10, MaxUpdates(7)).ok());
  EXPECT_EQ(algorithm_.updates(), 7) << "a larger goal goes on";
}

TEST_F(KeptRunTest, WithKeepARunThatWasOverTrainsOn) {
  ASSERT_TRUE(Run(10, MaxUpdates(5)).ok());
  resumed_ = checkpoints_.back().state;
  options_.keep = true;
  endings_.clear();
  ASSERT_TRUE(Run(3, MaxUpdates(5)).ok());
  EXPECT_EQ(algorithm_.updates(), 8);
  EXPECT_THAT(endings_, ElementsAre(Ending::kMaxUpdates)) << "saved when training ends, not when it goes on";
}

}  // namespace
}  // namespace recbots
