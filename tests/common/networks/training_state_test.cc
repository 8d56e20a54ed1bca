#include "common/networks/training_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

TrainingSpec MakeSpec() {
  return {.tensors = {{"a.w", {3, 5}}, {"a.b", {3}}, {"c.w", {2, 7}}},
          .num_targets = 2,
          .numbers = {{"steps"}, {"mean", /*counter=*/false}}};
}

// A state in which every element differs; `from` is the first.
TrainingState MakeState(double from, at::ScalarType dtype = at::kFloat) {
  const TrainingState state(MakeSpec(), dtype);
  const TrainingTensors& all = state.all();
  for (const ParameterArena* arena : {&all.parameters, &all.targets, &all.mean, &all.variance, &all.gradients}) {
    for (size_t i = 0; i < arena->layout().tensors().size(); ++i) {
      for (int64_t j = 0; j < (*arena)[i].numel(); ++j) (*arena)[i].view({-1})[j].fill_(from++);
    }
  }
  state.Number("steps") = from++;
  state.Number("mean") = -from;
  return state;
}

TEST(TrainingStateTest, LaysAllArenasOutInOneTensorWithoutOverlap) {
  const TrainingState state = MakeState(1);
  EXPECT_TRUE(state.flat().is_contiguous());
  const TrainingTensors& all = state.all();
  EXPECT_EQ(all.targets.layout().tensors().size(), 2u);
  double want = 1;
  for (const ParameterArena* arena : {&all.parameters, &all.targets, &all.mean, &all.variance, &all.gradients}) {
    for (size_t i = 0; i < arena->layout().tensors().size(); ++i) {
      EXPECT_EQ((*arena)[i].view({-1})[0].item<double>(), want) << "nothing was written over";
      want += static_cast<double>((*arena)[i].numel());
    }
  }
}

TEST(TrainingStateTest, WhatFitsIsTakenFromAStateOfAnotherShape) {
  TrainingSpec spec = MakeSpec();
  spec.tensors[2] = {"c.w", {2, 9}};
  spec.tensors.push_back({"d.w", {4}});
  TrainingState other(spec, at::kFloat);
  const TrainingState state = MakeState(1);
  const auto left_out = other.LoadFitting(state.Save());
  ASSERT_TRUE(left_out.ok()) << left_out.status();
  EXPECT_THAT(*left_out, ::testing::ElementsAre("'c.w' float32 [2, 9]: the other run has 'c.w' float32 [2, 7]",
                                                "'d.w' float32 [4]: the other run has none"));
  EXPECT_TRUE(other.all().parameters[0].equal(state.all().parameters[0]));
  EXPECT_TRUE(other.all().targets[1].equal(state.all().targets[1]));
  EXPECT_EQ(other.all().parameters[2].abs().sum().item<double>(), 0);
  EXPECT_EQ(other.all().mean[0].abs().sum().item<double>(), 0) << "moments are of the other run";
  EXPECT_EQ(other.Number("steps"), 0);
  EXPECT_EQ(other.LoadFitting("nothing").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(TrainingStateTest, ACopyIsItsOwnAndSavesTheSame) {
  TrainingState state = MakeState(1);
  TrainingState copy;
  state.CopyTo(copy);
  const std::string saved = state.Save();
  EXPECT_EQ(copy.Save(), saved);
  state.all().parameters[0].fill_(7);
  state.Number("steps") = 9;
  EXPECT_EQ(copy.Save(), saved);
  state.CopyTo(copy);
  EXPECT_EQ(copy.Save(), state.Save());
}

TEST(TrainingStateTest, KnowsWhetherItIsFinite) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    for (const double bad : {NAN, INFINITY, -INFINITY}) {
      const TrainingState state = MakeState(1, dtype);
      EXPECT_TRUE(state.ParametersFinite());
      EXPECT_TRUE(state.CheckFinite().ok());
      state.all().parameters[2].view({-1})[13].fill_(bad);
      EXPECT_FALSE(state.ParametersFinite());
      EXPECT_EQ(state.CheckFinite().code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_THAT(std::string(state.CheckFinite().message()), HasSubstr("c.w[13] is "));
    }
  }
}

TEST(TrainingStateTest, PartsShareTheMemoryOfTheirTensors) {
  const TrainingState state = MakeState(1);
  const std::vector<TensorSpec> tensors = MakeSpec().tensors;
  const TrainingTensors part = state.Part(absl::MakeConstSpan(tensors).subspan(1));
  for (const auto& [of, all] :
       {std::pair(part.mean, state.all().mean), std::pair(part.gradients, state.all().gradients)}) {
    EXPECT_EQ(of[0].data_ptr(), all[1].data_ptr());
    EXPECT_EQ(of[1].data_ptr(), all[2].data_ptr());
  }
  EXPECT_EQ(part.targets.layout().tensors().size(), 1u) << "the last tensor has no target";
  EXPECT_EQ(part.targets[0].data_ptr(), state.all().targets[1].data_ptr());
  EXPECT_EQ(state.Part(absl::MakeConstSpan(tensors).subspan(2)).targets.flat().numel(), 0);
}

TEST(TrainingStateTest, LoadsWhatItSaved) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    const TrainingState from = MakeState(1, dtype);
    TrainingState to = MakeState(1000, dtype);
    ASSERT_TRUE(to.Load(from.Save()).ok());
    EXPECT_EQ(to.Save(), from.Save());
    const int64_t saved = from.flat().numel() - from.all().gradients.flat().numel();
    EXPECT_TRUE(to.flat().narrow(0, 0, saved).equal(from.flat().narrow(0, 0, saved)));
  }
}

// Loads `saved` into another state: refused with a message that has `want`, and nothing changes.
void ExpectRefused(const std::string& saved, absl::string_view want) {
  TrainingState state = MakeState(1000);
  const std::string before = state.Save();
  const absl::Status status = state.Load(saved);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status.message();
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(want)));
  EXPECT_EQ(state.Save(), before);
}

TEST(TrainingStateTest, RefusesEveryCutAndEveryFlippedByte) {
  const std::string saved = MakeState(1).Save();
  for (size_t i = 0; i < saved.size(); ++i) {
    ExpectRefused(saved.substr(0, i), "state: ");
    std::string flipped = saved;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    ExpectRefused(flipped, "state: ");
  }
  ExpectRefused(saved + "x", "checksum");
}

TEST(TrainingStateTest, RefusesOtherTensorsByName) {
  TrainingSpec spec = MakeSpec();
  spec.tensors[1].shape = {4};
  ExpectRefused(TrainingState(spec, at::kFloat).Save(), "tensor 1 is 'a.b' float32 [4], want 'a.b' float32 [3]");
  spec = MakeSpec();
  spec.tensors[0].name = "b.w";
  ExpectRefused(TrainingState(spec, at::kFloat).Save(), "tensor 0 is 'b.w' float32 [3, 5], want 'a.w' float32 [3, 5]");
  spec = MakeSpec();
  spec.num_targets = 1;
  ExpectRefused(TrainingState(spec, at::kFloat).Save(), "tensor 4 is 'mean/a.w' float32 [3, 5], want 'target/a.b'");
  spec = MakeSpec();
  spec.numbers.pop_back();
  ExpectRefused(TrainingState(spec, at::kFloat).Save(), "ends before 'mean' float64 []");
  spec = MakeSpec();
  spec.numbers.push_back({"more"});
  ExpectRefused(TrainingState(spec, at::kFloat).Save(), "want");
  ExpectRefused(TrainingState(MakeSpec(), at::kDouble).Save(), "float64 [3, 5], want 'a.w' float32 [3, 5]");
}

TEST(TrainingStateTest, RefusesValuesThatNoLearnerCanGoOnFrom) {
  TrainingState state = MakeState(1);
  state.all().targets[1][2].fill_(std::numeric_limits<double>::quiet_NaN());
  ExpectRefused(state.Save(), "target/a.b[2] is nan, want a finite number");
  state = MakeState(1);
  state.all().variance[0][0][1].fill_(-0.5);
  ExpectRefused(state.Save(), "variance/a.w[1] is -0.5, want at least 0");
  state = MakeState(1);
  state.Number("steps") = 2.5;
  ExpectRefused(state.Save(), "steps is 2.5, want a whole number of at least 0 and below 2^53");
  state.Number("steps") = -1;
  ExpectRefused(state.Save(), "steps is -1, want");
}

}  // namespace
}  // namespace recbots
