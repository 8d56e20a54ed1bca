
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/networks/parameter_arena.h"
#include "common/networks/tensor_batch.h"
#include "common/networks/torch_status.h"
#include "common/rl/transition.h"

namespace recbots {
namespace {

TEST(ParameterArenaTest, ViewsShareTheFlatMemoryAndDoNotOverlap) {
  const ParameterLayout layout({{"a", {2, 3}}, {"b", {17}}, {"c", {1, 4}}});
  EXPECT_EQ(layout.size(), 16 + 32 + 16);
  const ParameterArena arena(layout, at::kFloat);
  for (size_t i = 0; i < 3; ++i) arena[i].fill_(static_cast<double>(i + 1));
  EXPECT_EQ(arena.flat().sum().item<double>(), 6 * 1 + 17 * 2 + 4 * 3);
  EXPECT_EQ(arena[0].sizes(), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(arena.Range(1, 2).sum().item<double>(), 34);
  EXPECT_EQ(arena.Range(0, 3).numel(), layout.size());
  arena.flat().zero_();
  EXPECT_EQ(arena.at("b").abs().sum().item<double>(), 0);
  EXPECT_EQ(arena.Export(2), (NamedTensor{"c", {1, 4}, {0, 0, 0, 0}}));
  EXPECT_EQ(arena.Export({{"c", {1, 4}}, {"a", {2, 3}}})[1].name, "a");
}

// Columns of a batch in aligned memory.
struct Memory {
  explicit Memory(size_t bytes) : lines(bytes / 64 + 1) {}
  struct alignas(64) Line {
    char bytes[64] = {};
  };
  absl::string_view View(size_t offset, size_t bytes) const {
    return {reinterpret_cast<const char*>(lines.data()) + offset, bytes};
  }
  std::vector<Line> lines;
};

EnvironmentSpec TestSpec() {
  EnvironmentSpec spec;
  spec.num_user_features = 3;
  spec.num_candidates = 5;
  spec.response_fields = {"accepted"};
  return spec;
}

TEST(WrapTransitionsTest, ReadsColumnsInPlace) {
  const RowSchema schema = TransitionSchema(TestSpec()).value();
  Memory memory(schema.batch_bytes(7));
  const absl::string_view columns = memory.View(0, schema.batch_bytes(7));
  const size_t reward = schema.batch_offset(static_cast<size_t>(schema.Find("reward")), 7);
  reinterpret_cast<float*>(memory.lines.data())[reward / 4 + 6] = 2.5f;
  const TransitionBatch batch = WrapTransitions(schema, columns, 7).value();
  EXPECT_EQ(batch.observation.sizes(), (std::vector<int64_t>{7, 3}));
  EXPECT_EQ(batch.slate.sizes(), (std::vector<int64_t>{7, 1}));
  EXPECT_EQ(batch.slate.scalar_type(), at::kInt);
  EXPECT_EQ(batch.reward[6].item<float>(), 2.5f);
  EXPECT_EQ(static_cast<const void*>(batch.reward.data_ptr()), columns.data() + reward);
  EXPECT_EQ(batch.response.sizes(), (std::vector<int64_t>{7, 1, 1}));
  for (const at::Tensor* absent : {&batch.candidates, &batch.next_candidates, &batch.next_slate}) {
    EXPECT_FALSE(absent->defined());
  }
}

// Whatever a transition can hold: every tensor lies where its column does.
TEST(WrapTransitionsTest, ReadsCandidatesResponseAndNextSlate) {
  EnvironmentSpec spec = TestSpec();
  spec.num_user_features = 0;
  spec.num_candidate_features = 4;
  spec.fixed_catalogue = false;
  spec.slate_size = 2;
  spec.response_fields = {"click", "quality", "liked"};
  const RowSchema schema = TransitionSchema(spec, {.next_slate = true}).value();
  const Memory memory(schema.batch_bytes(7));
  const absl::string_view columns = memory.View(0, schema.batch_bytes(7));
  const TransitionBatch batch = WrapTransitions(schema, columns, 7).value();
  const auto lies_there = [&](const at::Tensor& tensor, const char* name, const std::vector<int64_t>& sizes,
                              at::ScalarType dtype) {
    ASSERT_TRUE(tensor.defined()) << name;
    EXPECT_EQ(tensor.sizes(), sizes) << name;
    EXPECT_EQ(tensor.scalar_type(), dtype) << name;
    EXPECT_EQ(static_cast<const void*>(tensor.data_ptr()),
              columns.data() + schema.batch_offset(static_cast<size_t>(schema.Find(name)), 7))
        << name;
  };
  lies_there(batch.candidates, transition::kCandidates, {7, 5, 4}, at::kFloat);
  lies_there(batch.next_candidates, transition::kNextCandidates, {7, 5, 4}, at::kFloat);
  lies_there(batch.response, transition::kResponse, {7, 2, 3}, at::kFloat);
  lies_there(batch.slate, transition::kSlate, {7, 2}, at::kInt);
  lies_there(batch.next_slate, transition::kNextSlate, {7, 2}, at::kInt);
  EXPECT_FALSE(batch.observation.defined());
  EXPECT_FALSE(batch.next_observation.defined());
}

TEST(WrapTransitionsTest, OffersTheCatalogueToEveryRow) {
  EnvironmentSpec spec = TestSpec();
  spec.num_candidate_features = 2;
  const Catalogue catalogue({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, spec.num_candidate_features);
  const at::Tensor items = WrapCatalogue(&catalogue).value();
  EXPECT_EQ(items.data_ptr<float>(), catalogue.features().data());
  const RowSchema schema = TransitionSchema(spec).value();
  const Memory memory(schema.batch_bytes(7));
  const TransitionBatch batch = WrapTransitions(schema, memory.View(0, schema.batch_bytes(7)), 7, items).value();
  for (const at::Tensor& offered : {batch.candidates, batch.next_candidates}) {
    EXPECT_EQ(offered.sizes(), (std::vector<int64_t>{7, 5, 2}));
    EXPECT_EQ(offered.data_ptr<float>(), catalogue.features().data());
    for (int row = 0; row < 7; ++row) EXPECT_TRUE(offered[row].equal(items)) << row;
  }
  EXPECT_FALSE(WrapCatalogue(nullptr).value().defined());
}

TEST(WrapTransitionsTest, RefusesMemoryThatIsNotSuchABatch) {
  const RowSchema schema = TransitionSchema(TestSpec()).value();
  const size_t bytes = schema.batch_bytes(7);
  const Memory memory(bytes + 64);
  const auto refused = [](const absl::StatusOr<TransitionBatch>& batch, const std::string& message) {
    EXPECT_EQ(batch.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(batch.status().message()), ::testing::HasSubstr(message));
  };
  refused(WrapTransitions(schema, memory.View(0, bytes - 1), 7), "bytes, want");
  refused(WrapTransitions(schema, memory.View(0, bytes), 70), "bytes, want");
  refused(WrapTransitions(schema, memory.View(0, 0), 0), "0 rows, want at least 1");
  refused(WrapTransitions(schema, memory.View(4, bytes), 7), "not aligned to 64 bytes");
  const RowSchema other = RowSchema::Create({{"observation", DType::kInt32, {3}}}).value();
  refused(WrapTransitions(other, memory.View(0, other.batch_bytes(7)), 7), "is int32 of rank 1, want float32");
  const RowSchema short_of = RowSchema::Create({{"observation", DType::kFloat32, {3}}}).value();
  refused(WrapTransitions(short_of, memory.View(0, short_of.batch_bytes(7)), 7), "no column 'next_observation'");
}

TEST(RunTorchTest, TurnsExceptionsIntoStatuses) {
  EXPECT_TRUE(RunTorch([] {}).ok());
  const absl::Status status = RunTorch([] { at::mm(at::zeros({2, 3}), at::zeros({2, 3})); });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("cannot be multiplied"));
}

}  // namespace
}  // namespace recbots
