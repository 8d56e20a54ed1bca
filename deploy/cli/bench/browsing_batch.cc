#include "deploy/cli/bench/browsing_batch.h"

#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/rl/transition.h"

namespace recbots {

EnvironmentSpec BrowsingBatch::Spec() {
  EnvironmentSpec spec;
  spec.name = "document_browsing";
  spec.num_user_features = kItems;
  spec.num_candidates = kItems;
  spec.response_fields = {"accepted"};
  return spec;
}

absl::StatusOr<std::unique_ptr<BrowsingBatch>> BrowsingBatch::Make(int64_t rows) {
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, TransitionSchema(Spec(), TransitionOptions()));
  return std::unique_ptr<BrowsingBatch>(new BrowsingBatch(schema, rows));
}

template <typename T>
T* BrowsingBatch::At(absl::string_view column) {
  const auto i = static_cast<size_t>(schema_.Find(column));
  return reinterpret_cast<T*>(reinterpret_cast<char*>(lines_.data()) + schema_.batch_offset(i, rows_));
}

BrowsingBatch::BrowsingBatch(const RowSchema& schema, int64_t rows)
    : schema_(schema), rows_(static_cast<size_t>(rows)) {
  lines_.resize(schema.batch_bytes(rows_) / sizeof(Line));
  Rng rng(1, Purpose::kTest, {});
  for (size_t row = 0; row < rows_; ++row) {
    At<float>(transition::kObservation)[row * kItems + rng.Index(kItems)] = 1;
    At<float>(transition::kNextObservation)[row * kItems + rng.Index(kItems)] = 1;
    At<int32_t>(transition::kSlate)[row] = static_cast<int32_t>(rng.Index(kItems));
    At<float>(transition::kReward)[row] = static_cast<float>(rng.Index(2));
    const bool ends = rng.Uniform() < 0.15;
    At<float>(transition::kDiscount)[row] = ends ? 0.0f : 0.99f;
    rows_that_go_on_ += ends ? 0 : 1;
  }
}

absl::StatusOr<TransitionBatch> BrowsingBatch::Wrap() const {
  return WrapTransitions(schema_, {reinterpret_cast<const char*>(lines_.data()), lines_.size() * sizeof(Line)},
                         static_cast<int64_t>(rows_));
}

absl::Status BrowsingBatch::Learn(Algorithm& algorithm) const {
  RECBOTS_ASSIGN_OR_RETURN(const TransitionBatch batch, Wrap());
  return algorithm.Update(batch, {});
}

}  // namespace recbots
