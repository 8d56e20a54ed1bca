// Discounted sums over the steps of an episode: of what was shown, what was clicked, and the responses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/layers/user_statistics.h"
#include "common/rl/spec.h"

namespace recbots {

struct SlateTracesOptions {
  static constexpr int kMaxDecays = 100;

  // There is one set of sums for each decay. 1..kMaxDecays decays, each 0..1: with 0 only the last step counts, with 1
  // all steps count equally.
  std::vector<double> trace_decay = {0.9};
  double trace_scale = 100;  // Divisor of sums of decay 1, 0.001..1e6; about the steps of an episode.
};

// The letters are those of common/rl/spec.h; W is the number of values for one decay. F is D, or N if candidates have
// no features: the features of an item are then its position, one-hot.
//
// S = W per decay, in the order of the options. For decay d, sums over the steps so far of d^age, age 0 being the
// newest:
//   float32 [1]   1: the steps
//   float32 [F]   features of the items shown / K
//   float32 [1]   items clicked
//   float32 [F]   features of the items clicked
//   float32 [R']  each response field of the items clicked, but for "click" and "cluster_id", in their order
// The last three are present only if responses have a field "click"; an item is clicked if this field is not 0.
//
// The sums are scaled to the size of a mean: by 1 - d, or by 1 / trace_scale if d is 1. They are 0 at the start of an
// episode. With decay 1, whole numbers are exact up to 2^24 before scaling.
//
// A step costs O(S + N D), because the candidates are kept until the slate chosen from them comes back. The candidates
// of a fixed catalogue are kept only once.
class SlateTraces final : public UserStatistics {
 public:
  // INVALID_ARGUMENT: an option is out of bounds; the message has name, value and bound.
  static absl::StatusOr<std::unique_ptr<SlateTraces>> Create(const SlateTracesOptions& options,
                                                             const EnvironmentSpec& spec);

  int num_decays() const { return static_cast<int>(decay_.size()); }
  int trace_width() const { return static_cast<int>(trace_width_); }  // W

  int width() const override { return num_decays() * trace_width(); }
  FeedbackNeeds feedback_needs() const override { return {false, !same_candidates_ && num_features_ > 0}; }
  void Reserve(size_t num_users) override;
  void Begin(size_t user, const UserView& view) override;
  void Add(size_t user, const UserStep& step, const UserView& next) override;
  void Write(size_t user, absl::Span<float> statistics) const override;
  void TransferState(StateArchive& archive) override {
    archive.Values("trace candidates", candidates_);
    archive.Values("traces", sums_);
  }

 private:
  SlateTraces(const SlateTracesOptions& options, const EnvironmentSpec& spec);

  // Keeps the candidates from which the next slate is chosen.
  void Keep(size_t user, absl::Span<const float> candidates);
  // Fills now_.
  void Sum(size_t user, const UserStep& step);

  const size_t num_candidates_, num_features_, slate_size_, num_fields_;
  const bool same_candidates_;  // For all users at all steps.
  const int click_field_;       // -1: none.
  const size_t item_width_;     // F
  std::vector<size_t> fields_;  // [R'] response fields that are summed
  const size_t trace_width_;
  std::vector<float> decay_, scale_;
  std::vector<float> candidates_;  // [B, N, D]; of a fixed catalogue [N, D]
  std::vector<float> sums_;        // [B, decays, W], not scaled
  std::vector<float> now_;         // [W]: the terms of one step
};

}  // namespace recbots
