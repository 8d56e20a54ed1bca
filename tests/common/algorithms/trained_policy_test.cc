#include "common/algorithms/trained_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "common/algorithms/slate_q/shape_config.h"
#include "common/inference/weights.h"
#include "common/inference/weights_identity.h"
#include "common/wire/experiment_identity.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

EnvironmentSpec SmallSpec() {
  EnvironmentSpec spec;
  spec.name = "small";
  spec.num_user_features = 2;
  spec.num_candidates = 6;
  spec.num_candidate_features = 2;
  spec.slate_size = 2;
  spec.response_fields = {"click"};
  return spec;
}

v1::AlgorithmConfig SlateQ(int hidden_units) {
  v1::AlgorithmConfig config;
  config.mutable_slate_q()->mutable_q()->set_hidden_units(hidden_units);
  return config;
}

std::string WeightsOf(const v1::AlgorithmConfig& config) {
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : PolicyTensors(MakeSlateQShape(config.slate_q(), SmallSpec()).value())) {
    size_t elements = 1;
    for (const int32_t extent : spec.shape) elements *= static_cast<size_t>(extent);
    tensors.push_back({spec.name, spec.shape, std::vector<float>(elements, 0.1f)});
  }
  return EncodeTensors(tensors);
}

std::string WriteFile(const std::string& name, const std::string& content) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  return path;
}

TEST(TrainedPolicyTest, ReadsWhatARunLeft) {
  const std::string encoded = WeightsOf(SlateQ(4));
  EXPECT_EQ(ReadWeightsFile(WriteFile("trained_policy_good.bin", encoded)).value(), encoded);
}

TEST(TrainedPolicyTest, RefusesFilesThatAreNoWeightsByName) {
  const absl::Status missing = ReadWeightsFile(::testing::TempDir() + "/trained_policy_none.bin").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("trained_policy_none.bin"));
  std::string damaged = WeightsOf(SlateQ(4));
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  const absl::Status status = ReadWeightsFile(WriteFile("trained_policy_bad.bin", damaged)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("trained_policy_bad.bin"), HasSubstr("checksum")));
  EXPECT_FALSE(ReadWeightsFile(WriteFile("trained_policy_empty.bin", "")).ok());
  EXPECT_FALSE(ReadWeightsFile(::testing::TempDir()).ok());  // A directory.
}

TEST(TrainedPolicyTest, RefusesWeightsOfOtherShapes) {
  const absl::Status status = MakeTrainedPolicy(SlateQ(8), SmallSpec(), 4, WeightsOf(SlateQ(4))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("want"));
  EXPECT_FALSE(MakeTrainedPolicy({}, SmallSpec(), 4, WeightsOf(SlateQ(4))).ok());
}

TEST(TrainedPolicyTest, KnowsForWhichExperimentTheyWereTrained) {
  const v1::ExperimentIdentity here = MakeIdentity({{"transition.n_step", "1"}});
  const std::string plain = WeightsOf(SlateQ(4));
  std::string warning;
  EXPECT_TRUE(CheckTrainedFor(WithIdentity(plain, here), here, &warning).ok());
  EXPECT_EQ(warning, "");
  EXPECT_TRUE(CheckTrainedFor(plain, here, &warning).ok()) << "a file of before";
  EXPECT_EQ(warning, "the weights do not say for which experiment they were trained");
  const absl::Status other =
      CheckTrainedFor(WithIdentity(plain, MakeIdentity({{"transition.n_step", "3"}})), here, &warning);
  EXPECT_EQ(other.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(other.message(), "trained for another experiment: transition.n_step: 3 of the weights, 1 here");
  EXPECT_TRUE(MakeTrainedPolicy(SlateQ(4), SmallSpec(), 4, WithIdentity(plain, here)).ok());
}

TEST(TrainedPolicyTest, ShowsTheSameSlateToTheSameUser) {
  const auto policy = MakeTrainedPolicy(SlateQ(4), SmallSpec(), 3, WeightsOf(SlateQ(4))).value();
  const std::vector<float> observation(6, 0.5f), candidates(36, 0.25f);
  const std::vector<StreamPosition> positions = {{.stream = 1}, {.stream = 2}, {.stream = 3}};
  std::vector<int32_t> slates(6);
  std::vector<float> probability(3);
  policy->Act({observation, positions, candidates}, {absl::MakeSpan(slates), absl::MakeSpan(probability)});
  EXPECT_EQ(probability, std::vector<float>(3, 1.0f));
  for (size_t user = 1; user < 3; ++user) {
    EXPECT_TRUE(std::equal(slates.begin(), slates.begin() + 2, slates.begin() + static_cast<long>(2 * user)));
  }
}

}  // namespace
}  // namespace recbots
