#include "common/inference/tensor_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/naive_mlp.h"

namespace recbots {
namespace {

TEST(MlpTensorsTest, NamesAndShapes) {
  const std::vector<TensorSpec> tensors = MlpTensors("q", {.inputs = 7, .hidden1 = 5, .hidden2 = 3, .outputs = 2});
  ASSERT_EQ(tensors.size(), kMlpTensors);
  const std::vector<std::pair<std::string, std::vector<int32_t>>> want = {
      {"q.w1", {5, 7}}, {"q.b1", {5}}, {"q.w2", {3, 5}}, {"q.b2", {3}}, {"q.w3", {2, 3}}, {"q.b3", {2}}};
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(tensors[i].name, want[i].first);
    EXPECT_EQ(tensors[i].shape, want[i].second);
  }
}

TEST(CheckTensorsTest, AcceptsWhatIsWantedAndSaysWhatIsNot) {
  const std::vector<TensorSpec> want = MlpTensors("q", {.inputs = 7, .hidden1 = 5, .hidden2 = 3});
  EXPECT_TRUE(CheckTensors(testing::RandomTensors(want, 1), want).ok());
  EXPECT_TRUE(CheckTensors({}, {}).ok());
  const auto refused = [&](const std::function<void(std::vector<NamedTensor>&)>& change, const std::string& message) {
    std::vector<NamedTensor> tensors = testing::RandomTensors(want, 1);
    change(tensors);
    const absl::Status status = CheckTensors(tensors, want);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), message);
  };
  refused([](auto& t) { t.pop_back(); }, "weights: 5 tensors, want 6");
  refused([](auto& t) { t.push_back(t[0]); }, "weights: 7 tensors, want 6");
  refused([](auto& t) { t[2].name = "v.w2"; }, "weights: tensor 2 is 'v.w2' [3, 5], want 'q.w2' [3, 5]");
  refused([](auto& t) { t[0].shape = {7, 5}; }, "weights: tensor 0 is 'q.w1' [7, 5], want 'q.w1' [5, 7]");
  refused([](auto& t) { t[5].shape = {}; }, "weights: tensor 5 is 'q.b3' [], want 'q.b3' [1]");
  refused([](auto& t) { std::swap(t[1], t[3]); }, "weights: tensor 1 is 'q.b2' [3], want 'q.b1' [5]");
}

TEST(TensorMapTest, FindsDecodedTensorsByName) {
  const std::vector<TensorSpec> want = MlpTensors("q", {.inputs = 7, .hidden1 = 5, .hidden2 = 3});
  const std::vector<NamedTensor> tensors = testing::RandomTensors(want, 1);
  const TensorMap map = TensorMap::Decode(EncodeTensors(tensors), want).value();
  for (const NamedTensor& tensor : tensors) EXPECT_EQ(map.at(tensor.name), tensor);
  EXPECT_FALSE(TensorMap::Decode(EncodeTensors(tensors), MlpTensors("v", {.inputs = 7})).ok());
  EXPECT_FALSE(TensorMap::Decode("nonsense", want).ok());
}

TEST(TensorMapDeathTest, HasNoOtherTensors) {
  const TensorMap map({{"q.w1", {1}, {3.0f}}});
  EXPECT_DEATH(map.at("q.w2"), "no tensor 'q.w2'");
}

}  // namespace
}  // namespace recbots
