#include "common/algorithms/full_slate_q/shape_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recbots {
namespace {

EnvironmentSpec MakeSpec() {
  EnvironmentSpec spec;
  spec.name = "test";
  spec.num_user_features = 6;
  spec.num_candidates = 10;
  spec.num_candidate_features = 4;
  spec.slate_size = 2;
  return spec;
}

void ExpectRefused(const absl::Status& status, const std::string& message) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(message));
}

TEST(MakeFullSlateShapeTest, CountsSlatesAndHasABound) {
  EnvironmentSpec spec = MakeSpec();
  const FullSlateShape shape = MakeFullSlateShape({}, spec).value();
  EXPECT_EQ(shape.num_slates(), 90);
  EXPECT_EQ(shape.q.action.num_item_features, 8);
  EXPECT_FALSE(shape.q.action.with_none);
  EXPECT_EQ(QTensors(shape.q)[0].shape, (std::vector<int32_t>{64, 14}));
  spec.slate_size = 5;  // 30,240
  EXPECT_EQ(MakeFullSlateShape({}, spec)->num_slates(), 30240);
  spec.slate_size = 6;
  ExpectRefused(MakeFullSlateShape({}, spec).status(),
                "algorithm.full_slate_q: 10 candidates make 151200 slates of 6, want at most 100000");
  spec.num_candidates = 1000;
  spec.slate_size = 60;  // More than an int64 counts.
  ExpectRefused(MakeFullSlateShape({}, spec).status(), "make 1000000000000000000 slates of 60");
}

TEST(MakeDqnShapeTest, IsForSlatesOfOne) {
  EnvironmentSpec spec = MakeSpec();
  spec.num_candidate_features = 0;
  ExpectRefused(MakeDqnShape({}, spec).status(), "algorithm.dqn: environment 'test' has slate_size 2, want 1");
  spec.slate_size = 1;
  v1::DqnConfig config;
  config.mutable_q()->set_dueling(true);
  const FullSlateShape shape = MakeDqnShape(config, spec).value();
  EXPECT_EQ(shape.num_slates(), 10);
  EXPECT_FALSE(shape.item_features);
  EXPECT_TRUE(shape.q.dueling);
  spec.num_candidates = 100001;
  ExpectRefused(MakeDqnShape({}, spec).status(), "algorithm.dqn: 100001 candidates make 100001 slates of 1");
}

}  // namespace
}  // namespace recbots
