#include "learner/group/learner_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cmath>
#include <limits>

#include "absl/time/clock.h"
#include "common/algorithms/make_algorithm.h"
#include "tests/learner/group/group_of_threads.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::RunGroup;

constexpr absl::Duration kLong = absl::Seconds(60), kShort = absl::Seconds(1);

std::unique_ptr<Algorithm> MakeSmall(uint64_t seed = 1) {
  EnvironmentSpec spec;
  spec.num_user_features = 2;
  spec.num_candidates = 3;
  spec.response_fields = {"click"};
  v1::AlgorithmConfig config;
  config.mutable_dqn()->mutable_q()->set_hidden_units(4);
  auto algorithm = MakeAlgorithm(config, spec, {.seed = seed});
  EXPECT_TRUE(algorithm.ok()) << algorithm.status();
  return *std::move(algorithm);
}
std::unique_ptr<Algorithm> Small() { return MakeSmall(); }

// The arena, all of it set to one number.
at::Tensor Gradients(const Algorithm& algorithm, float value) {
  at::Tensor all = algorithm.tensors().gradients.flat();
  std::fill_n(all.data_ptr<float>(), all.numel(), value);
  return all;
}
absl::Status Exchange(LearnerGroup& group, GradientPart& part) { return group.Exchange({&part, 1}); }

// As all programs do (common/base/program.cc): a learner that is gone is an error of the group, no signal.
[[maybe_unused]] const auto kSigpipeBefore = signal(SIGPIPE, SIG_IGN);

TEST(LearnerGroupTest, MakesMeansOverTheRowsOfAll) {
  RunGroup(3, kLong, Small, [](LearnerGroup& group, Algorithm& algorithm) {
    const auto rank = static_cast<float>(group.rank());
    double loss = 10 * double{rank};
    GradientPart part = {Gradients(algorithm, rank), 1 + double{rank}, &loss};
    ASSERT_TRUE(Exchange(group, part).ok());
    // (0 x 1 + 1 x 2 + 2 x 3) / (1 + 2 + 3)
    const float* gradient = part.gradients.data_ptr<float>();
    for (int64_t i = 0; i < part.gradients.numel(); ++i) ASSERT_FLOAT_EQ(gradient[i], 8.0f / 6) << i;
    EXPECT_EQ(part.rows, 6);
    EXPECT_NEAR(loss, 80.0 / 6, 1e-5);
  });
}

TEST(LearnerGroupTest, ALearnerWithoutRowsAddsNothing) {
  RunGroup(2, kLong, Small, [](LearnerGroup& group, Algorithm& algorithm) {
    const float none = std::numeric_limits<float>::quiet_NaN();  // Not looked at.
    double loss = 5;
    GradientPart part = {Gradients(algorithm, group.rank() == 0 ? 3.0f : none), group.rank() == 0 ? 4.0 : 0.0, &loss};
    ASSERT_TRUE(Exchange(group, part).ok());
    EXPECT_EQ(part.gradients.data_ptr<float>()[0], 3.0f);
    EXPECT_EQ(part.rows, 4);
    EXPECT_EQ(loss, 5);
    GradientPart nobody = {Gradients(algorithm, 7), 0, &loss};
    ASSERT_TRUE(Exchange(group, nobody).ok());
    EXPECT_EQ(nobody.gradients.data_ptr<float>()[0], 7.0f) << "as it was";
  });
}

// Probabilities 0.1 and 0.4, beta 0.5: the weights of rank 1, 1 for its own rarest row, count half.
TEST(LearnerGroupTest, ScalesImportanceWeightsByTheRarestRowOfAll) {
  RunGroup(2, kLong, Small, [](LearnerGroup& group, Algorithm& algorithm) {
    for (int round = 0; round < 3; ++round) {
      group.UseImportance(group.rank() == 0 ? 0.1f : 0.4f, 0.5);
      const at::Tensor all = Gradients(algorithm, 1);
      const int64_t half = all.numel() / 2;
      GradientPart parts[] = {{all.narrow(0, 0, half), 1}, {all.narrow(0, half, all.numel() - half), 1}};
      parts[1].weighted = true;
      ASSERT_TRUE(group.Exchange(absl::MakeSpan(parts)).ok());
      EXPECT_FLOAT_EQ(all.data_ptr<float>()[0], 1.0f);
      EXPECT_FLOAT_EQ(all.data_ptr<float>()[all.numel() - 1], 0.75f);
    }
  });
}

TEST(LearnerGroupTest, TakesOverWhatRankZeroHasLearnt) {
  const std::string state = MakeSmall(/*seed=*/5)->SaveState();
  std::atomic<int> same = 0;
  GroupBoard board({2, "", {}}, [](const v1::RunManifest&) { return ""; });
  std::vector<std::unique_ptr<Thread>> threads;
  for (int rank = 0; rank < 2; ++rank) {
    threads.push_back(std::make_unique<Thread>("rank", [&, rank] {
      const std::unique_ptr<Algorithm> algorithm = MakeSmall(rank == 0 ? 5 : 6);
      LearnerGroup group({.rank = rank, .size = 2}, ConnectGloo({.rank = rank, .size = 2}, board).value(), board,
                         *algorithm);
      ASSERT_TRUE(group.ShareState().ok());
      same += algorithm->SaveState() == state ? 1 : 0;
    }));
  }
  threads.clear();
  EXPECT_EQ(same, 2);
}

// Rank 1 has no batch for two rounds; nobody steps before all have gradients, and no gradient is lost or counted twice.
TEST(LearnerGroupTest, NobodyStepsWhileALearnerWaits) {
  RunGroup(2, kLong, Small, [](LearnerGroup& group, Algorithm& algorithm) {
    if (group.rank() == 1) {
      group.NoteWait(absl::Seconds(2));
      EXPECT_TRUE(group.Idle().ok());
      group.NoteWait(absl::Seconds(3));
      EXPECT_TRUE(group.Idle().ok());
    } else {
      group.NoteWait(absl::Seconds(1));
    }
    GradientPart part = {Gradients(algorithm, group.rank() == 0 ? 1.0f : 2.0f), 1};
    ASSERT_TRUE(Exchange(group, part).ok());
    EXPECT_EQ(part.gradients.data_ptr<float>()[0], 1.5f);
    EXPECT_EQ(group.rounds(), 3);
    EXPECT_EQ(group.waited(), absl::Seconds(5)) << "of the one that waited longest";
  });
}

TEST(LearnerGroupTest, IsInterruptedOnlyWhileALearnerWaits) {
  RunGroup(2, kLong, Small, [](LearnerGroup& group, Algorithm& algorithm) {
    group.SetInterrupted([] { return true; });
    GradientPart part = {Gradients(algorithm, 1), 1};
    EXPECT_TRUE(Exchange(group, part).ok());
    if (group.rank() == 1) {
      EXPECT_TRUE(group.Idle().ok());
    } else {
      EXPECT_EQ(Exchange(group, part).code(), absl::StatusCode::kCancelled);
      EXPECT_FALSE(group.end().has_value());
    }
    group.Leave(Leaving::kToldToEnd);
    ASSERT_TRUE(group.end().has_value());
    EXPECT_EQ(group.end()->why, Leaving::kToldToEnd);
  });
}

TEST(LearnerGroupTest, AllHearWhoLeavesAndWhy) {
  RunGroup(3, kLong, Small, [](LearnerGroup& group, Algorithm& algorithm) {
    const std::string before = algorithm.SaveState();
    if (group.rank() == 2) {
      group.Leave(Leaving::kFailed, absl::InternalError("the disk is full"), "{\"reward\": 1}\n");
    } else if (group.rank() == 1) {
      group.Leave(Leaving::kToldToEnd);
    } else {
      GradientPart part = {Gradients(algorithm, 1), 1};
      EXPECT_EQ(Exchange(group, part).code(), absl::StatusCode::kCancelled);
    }
    ASSERT_TRUE(group.end().has_value());
    EXPECT_EQ(group.end()->rank, 2) << "an error is the weightiest reason";
    EXPECT_EQ(group.end()->why, Leaving::kFailed);
    EXPECT_EQ(group.end()->message, "the disk is full");
    EXPECT_EQ(group.end()->rows, "{\"reward\": 1}\n");
    EXPECT_TRUE(group.broken().ok());
    EXPECT_EQ(group.Idle().code(), absl::StatusCode::kCancelled) << "and stays ended";
    EXPECT_EQ(algorithm.SaveState(), before);
  });
}

TEST(LearnerGroupTest, AGradientThatIsNotFiniteReachesNobody) {
  RunGroup(2, kLong, Small, [](LearnerGroup& group, Algorithm& algorithm) {
    GradientPart part = {Gradients(algorithm, 1), 1};
    if (group.rank() == 1) {
      algorithm.tensors().gradients.at("q.w2").view({-1}).data_ptr<float>()[3] = std::numeric_limits<float>::infinity();
      const absl::Status status = Exchange(group, part);
      EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_THAT(std::string(status.message()), HasSubstr("'q.w2'"));
      group.Leave(Leaving::kFailed, status);
    } else {
      EXPECT_EQ(Exchange(group, part).code(), absl::StatusCode::kCancelled);
      EXPECT_EQ(part.gradients.data_ptr<float>()[0], 1.0f);
      EXPECT_THAT(group.end()->message, HasSubstr("'q.w2'"));
    }
  });
}

// The thread of rank 1 ends: its connections break.
TEST(LearnerGroupTest, ALearnerThatDiesIsNamed) {
  for (const int size : {2, 3}) {
    RunGroup(size, kLong, Small, [](LearnerGroup& group, Algorithm& algorithm) {
      if (group.rank() == 1) return;
      GradientPart part = {Gradients(algorithm, 1), 1};
      const absl::Status status = Exchange(group, part);
      EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
      EXPECT_THAT(std::string(status.message()),
                  AllOf(HasSubstr("the learner of rank 1 did not take part in the all-reduce of update 1"),
                        HasSubstr("waited for"), HasSubstr("deadline 60 s")));
      EXPECT_EQ(group.Idle(), status) << "and stays broken";
      EXPECT_EQ(group.broken(), status);
      group.Leave(Leaving::kOver);  // Waits for nobody.
    });
  }
}

TEST(LearnerGroupTest, ALearnerThatHangsIsNamedAfterTheDeadline) {
  for (const int hangs : {0, 1, 2}) {
    std::atomic<int> left = 2;
    RunGroup(3, kShort, Small, [&](LearnerGroup& group, Algorithm& algorithm) {
      if (group.rank() == hangs) {
        while (left > 0) absl::SleepFor(absl::Milliseconds(5));
        return;
      }
      GradientPart part = {Gradients(algorithm, 1), 1};
      const Instant start = Instant::Now();
      const absl::Status status = Exchange(group, part);
      EXPECT_LT(Instant::Now() - start, absl::Seconds(30));
      EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
      // Its board answers even where rank 0 hangs, so that only the others can tell; a process that hangs does not
      // answer.
      EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("the learner of rank ", hangs, " did not")));
      --left;
    });
  }
}

TEST(LearnerGroupTest, LearnersThatHaveDriftedApartEnd) {
  RunGroup(2, kLong, Small, [](LearnerGroup& group, Algorithm& algorithm) {
    if (group.rank() == 1) algorithm.tensors().parameters.flat().data_ptr<float>()[0] += 1;
    GradientPart part = {Gradients(algorithm, 1), 1};
    const absl::Status status = Exchange(group, part);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("ranks 0 and 1"), HasSubstr("parameters that differ")));
  });
}

TEST(LearnerGroupTest, AHostThatIsNotThisMachineIsRefused) {
  GroupBoard board({2, "", {}}, [](const v1::RunManifest&) { return ""; });
  const auto gloo = ConnectGloo({.rank = 0, .size = 2, .host = "no.such.host.invalid", .deadline = kShort}, board);
  EXPECT_EQ(gloo.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(gloo.status().message()), HasSubstr("'no.such.host.invalid'"));
  const auto alone = ConnectGloo({.rank = 0, .size = 2, .deadline = kShort}, board);
  EXPECT_EQ(alone.status().code(), absl::StatusCode::kInternal) << "nobody else comes";
}

}  // namespace
}  // namespace recbots
