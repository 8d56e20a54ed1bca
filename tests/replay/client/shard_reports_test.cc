// What shards say of themselves, over the connections of a sampler.
#include "replay/client/shard_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "common/base/mutex.h"
#include "replay/client/replay_sampler.h"
#include "tests/replay/client/shard_server.h"

namespace recbots::replay {
namespace {

ShardServerOptions Saying(const std::string& name) {
  ShardServerOptions options;
  options.service.report = [name] {
    v1::RoleReport report;
    report.set_instance(1);
    report.set_role("replay");
    report.set_name(name);
    return report;
  };
  return options;
}

class ShardReportsTest : public ::testing::Test {
 protected:
  void Watch(const std::string& addresses) {
    sampler_ = ReplaySampler::Create(TestSchema(), {.address = addresses, .batch_size = 1}).value();
    reports_ = std::make_unique<ShardReports>(
        ShardReportsOptions{.shards = [this] { return sampler_->connected_shards(); },
                            .on_report =
                                [this](const std::string& address, const v1::RoleReport& report) {
                                  MutexLock lock(&mu_);
                                  ++heard_[address];
                                  said_[address] = report.name();
                                  left_[address] = report.leaving();
                                },
                            .period = absl::Milliseconds(20)});
  }
  int Heard(const std::string& address) {
    MutexLock lock(&mu_);
    return heard_[address];
  }
  std::string Said(const std::string& address) {
    MutexLock lock(&mu_);
    return said_[address];
  }
  bool Left(const std::string& address) {
    MutexLock lock(&mu_);
    return left_[address];
  }

  Mutex mu_;
  std::map<std::string, int> heard_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::string> said_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, bool> left_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<ReplaySampler> sampler_;
  std::unique_ptr<ShardReports> reports_;
};

TEST_F(ShardReportsTest, EveryShardIsAskedAgainAndAgain) {
  ShardServer a(Saying("a")), b(Saying("b"));
  // Answers are due a period after the question, when the server's main looks.
  const std::string at_a = a.address(), at_b = b.address();
  Watch(at_a + "," + at_b);
  EXPECT_TRUE(Eventually([&] {
    a.service().AnswerReports();
    b.service().AnswerReports();
    return Heard(at_a) >= 3 && Heard(at_b) >= 3;
  }));
  EXPECT_EQ(Said(at_a), "a");
  EXPECT_EQ(Said(at_b), "b");
  EXPECT_FALSE(Left(at_a));
}

TEST_F(ShardReportsTest, AShardThatEndsSaysSoAndOneThatComesBackIsHeard) {
  ShardServer a(Saying("a"));
  const std::string at = a.address();
  Watch(at);
  ASSERT_TRUE(Eventually([&] { return Heard(at) > 0; }));
  a.service().Drain();
  EXPECT_TRUE(Eventually([&] { return Left(at); }));
  a.Kill();
  a.Start();
  EXPECT_TRUE(Eventually([&] { return !Left(at); }));
}

// Of an earlier version: it does not know the call, and samples all the same.
TEST_F(ShardReportsTest, AShardThatSaysNothingIsLeftInPeace) {
  ShardServer silent, other(Saying("other"));
  Watch(silent.address() + "," + other.address());
  ASSERT_TRUE(Eventually([&] { return Heard(other.address()) > 0; }));
  EXPECT_TRUE(Eventually([&] { return sampler_->stats().connected_shards == 2; }));
  EXPECT_EQ(Heard(silent.address()), 0);
}

}  // namespace
}  // namespace recbots::replay
