#include "replay/client/address_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

TEST(AddressResolverTest, NumbersAndSocketsAreShardsAsTheyAre) {
  const auto resolver = *MakeAddressResolver("10.0.0.1:7001,[::1]:7002,unix:/run/replay.sock,10.0.0.1:7001");
  EXPECT_TRUE(resolver->constant());
  const Resolution found = resolver->Resolve();
  EXPECT_TRUE(found.status.ok());
  EXPECT_EQ(found.shards,
            (std::vector<ShardAddress>{{"10.0.0.1:7001", ""}, {"[::1]:7002", ""}, {"unix:/run/replay.sock", ""}}));
}

TEST(AddressResolverTest, ANameOfThisMachineIsOneShardWhateverItsAddresses) {
  const auto resolver = *MakeAddressResolver("localhost:7001");
  EXPECT_FALSE(resolver->constant());
  EXPECT_EQ(resolver->Resolve().shards, (std::vector<ShardAddress>{{"localhost:7001", ""}}));
}

TEST(AddressResolverTest, SaysWhichNameIsNotKnownAndGoesOnWithTheOthers) {
  // RFC 6761: never a name of anybody.
  const auto resolver = *MakeAddressResolver("no-such-host.invalid:7001,127.0.0.1:7002");
  const Resolution found = resolver->Resolve();
  EXPECT_EQ(found.shards, (std::vector<ShardAddress>{{"127.0.0.1:7002", ""}}));
  EXPECT_EQ(found.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(found.status.message()), HasSubstr("no-such-host.invalid"));
}

TEST(AddressResolverTest, RefusesMoreThan256Shards) {
  std::string list;
  for (int i = 0; i < 300; ++i) absl::StrAppend(&list, i > 0 ? "," : "", "127.0.0.1:", 1000 + i);
  const Resolution found = (*MakeAddressResolver(list))->Resolve();
  EXPECT_EQ(found.shards.size(), 256U);
  EXPECT_EQ(found.status.code(), absl::StatusCode::kResourceExhausted);
}

TEST(AddressResolverTest, RefusesWhatIsNoList) {
  for (const char* const bad : {"", ",", "host", "host:port", "unix:relative", "a:1,,b:2"}) {
    EXPECT_EQ(MakeAddressResolver(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace recbots::replay
