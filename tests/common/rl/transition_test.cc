#include "common/rl/transition.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

EnvironmentSpec MakeSpec() {
  EnvironmentSpec spec;
  spec.name = "test";
  spec.num_user_features = 10;
  spec.num_candidates = 20;
  spec.slate_size = 3;
  spec.response_fields = {"clicked", "watch_time"};
  return spec;
}

TEST(TransitionSchemaTest, HasTheShapesOfTheEnvironment) {
  const RowSchema schema = TransitionSchema(MakeSpec()).value();
  EXPECT_EQ(schema.ToString(),
            "observation float32 [10], next_observation float32 [10], slate int32 [3], response float32 [3, 2], reward "
            "float32, discount float32, behaviour_probability float32, weights_version int64, weights_updates int64, "
            "collected_micros int64");
  for (const char* name :
       {transition::kObservation, transition::kNextObservation, transition::kSlate, transition::kResponse,
        transition::kReward, transition::kDiscount, transition::kBehaviourProbability, transition::kWeightsVersion,
        transition::kWeightsUpdates, transition::kCollectedMicros}) {
    EXPECT_GE(schema.Find(name), 0) << name;
  }
}

TEST(TransitionSchemaTest, HoldsCandidatesAndLeavesOutWhatIsNotSeen) {
  EnvironmentSpec spec = MakeSpec();
  spec.num_user_features = 0;
  spec.num_candidate_features = 4;
  spec.fixed_catalogue = false;
  const RowSchema schema = TransitionSchema(spec).value();
  EXPECT_EQ(schema.ToString().find("candidates float32 [20, 4], next_candidates float32 [20, 4], slate"), 0U)
      << schema.ToString();
}

// However many items there are, a row names those of its slate.
TEST(TransitionSchemaTest, LeavesAFixedCatalogueToTheCatalogue) {
  EnvironmentSpec spec = MakeSpec();
  spec.num_candidates = 1'000'000;
  spec.num_candidate_features = 50;
  const RowSchema schema = TransitionSchema(spec).value();
  EXPECT_TRUE(schema == TransitionSchema(MakeSpec()).value()) << schema.ToString();
  spec.fixed_catalogue = false;
  EXPECT_EQ(TransitionSchema(spec).status().code(), absl::StatusCode::kInvalidArgument) << "too large a row";
}

TEST(TransitionSchemaTest, HoldsTheNextSlateWhereItIsAskedFor) {
  const RowSchema plain = TransitionSchema(MakeSpec(), {.discount = 0.5, .n_step = 5}).value();
  EXPECT_TRUE(plain == TransitionSchema(MakeSpec()).value()) << plain.ToString();
  const RowSchema schema = TransitionSchema(MakeSpec(), {.next_slate = true}).value();
  EXPECT_NE(schema.ToString().find("slate int32 [3], next_slate int32 [3], response"), std::string::npos)
      << schema.ToString();
  EXPECT_EQ(schema.row_bytes(), (plain.row_bytes() + 3 * 4 + 4) / 8 * 8);
}

TEST(TransitionSchemaTest, RefusesAnEnvironmentWithoutSlateOrResponse) {
  EnvironmentSpec spec = MakeSpec();
  spec.slate_size = 0;
  EXPECT_EQ(TransitionSchema(spec).status().code(), absl::StatusCode::kInvalidArgument);
  spec = MakeSpec();
  spec.response_fields.clear();
  EXPECT_EQ(TransitionSchema(spec).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace recbots
