#include "common/inference/weights_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/inference/weights.h"
#include "common/wire/experiment_identity.h"

namespace recbots {
namespace {

std::string SomeWeights() { return EncodeTensors({{"actor.w1", {2, 1}, {1, -2}}, {"scalar", {}, {7}}}); }

TEST(WeightsIdentityTest, SaysWhatWeightsWereTrainedForWhereTheyWereToldIt) {
  const v1::ExperimentIdentity identity = MakeIdentity({{"transition.discount", "0.9"}});
  const std::string named = WithIdentity(SomeWeights(), identity);
  EXPECT_EQ(DecodeTensors(named).value(), DecodeTensors(SomeWeights()).value());
  EXPECT_EQ(DecodeIdentity(named).value().SerializeAsString(), identity.SerializeAsString());
  EXPECT_FALSE(Says(DecodeIdentity(SomeWeights()).value())) << "a file of before";
}

TEST(WeightsIdentityTest, RefusesBytesThatAreNoIdentity) {
  v1::ExperimentIdentity wrong = MakeIdentity({{"transition.discount", "0.9"}});
  wrong.set_fingerprint(7);
  for (const auto& [encoded, message] : {std::pair(WithIdentity(SomeWeights(), wrong), "fingerprint 0000000000000007"),
                                         std::pair(WithIdentityBytes(SomeWeights(), "\xff"), "no identity"),
                                         std::pair(std::string("RBWT"), "weights")}) {
    const absl::Status status = DecodeIdentity(encoded).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(message));
  }
}

}  // namespace
}  // namespace recbots
