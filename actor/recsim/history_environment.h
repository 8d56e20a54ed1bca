// An environment whose observations remember: what a network needs where the state of a user is hidden.
#pragma once

#include <memory>
#include <vector>

#include "actor/recsim/history.h"
#include "common/rl/environment.h"

namespace recbots {

// Observations are float32 [B, U + S]: the U user features of `inner`, then the statistics of `history`, which begin
// again with each episode. next_observation has those with the step that led to it, also where the episode ended there.
// All else is inner's. Who waits for the others of a session keeps what it had when it left.
//
// A step costs what inner's does and a pass over [B, U + S] and, for traces, the candidates. It allocates nothing.
class HistoryEnvironment final : public Environment {
 public:
  // `history` is MakeHistory's for inner->spec(), not yet used.
  HistoryEnvironment(std::unique_ptr<Environment> inner, History history);

  const EnvironmentSpec& spec() const override { return spec_; }
  int num_users() const override { return inner_->num_users(); }
  void Reset(absl::Span<float> observation, absl::Span<float> candidates) override;
  absl::Status Step(absl::Span<const int32_t> slates, const StepColumns& out) override;
  absl::Status StepSome(absl::Span<const int32_t> slates, const StepWaits& waits, const StepColumns& out) override;
  absl::Status ResetSome(absl::Span<const uint8_t> mask, absl::Span<float> observation,
                         absl::Span<float> candidates) override;
  absl::Span<const StreamPosition> positions() const override { return inner_->positions(); }
  void TransferState(StateArchive& archive) override;

 private:
  // Columns for inner_, with what of them this environment needs and `out` leaves out.
  StepColumns InnerColumns(const StepColumns& out);
  // Takes in the step that inner_ has written to `inner`, and writes the observations of all users.
  void Finish(absl::Span<const int32_t> slates, const StepColumns& out, const StepColumns& inner);
  // Takes in the step of a user, and writes its observations.
  void StepUser(size_t user, absl::Span<const int32_t> slates, const StepColumns& out, absl::Span<const float> next);
  // Starts all histories where observation_ and `candidates` are, and writes the observations.
  void BeginAll(absl::Span<float> observation, absl::Span<const float> candidates);
  // Starts the user's history where observation_ and `candidates` are.
  void Begin(size_t user, absl::Span<const float> candidates);
  // Fills the user's row of `out` with that of `features` and the statistics.
  void Write(size_t user, const std::vector<float>& features, absl::Span<float> out) const;

  const std::unique_ptr<Environment> inner_;
  const History history_;
  const EnvironmentSpec spec_;
  const size_t num_users_, num_features_, width_;                // B, U, U + S
  const size_t candidates_width_, slate_size_, response_width_;  // N D, K, K R
  std::vector<float> observation_, next_observation_;            // [B, U]: inner's
  std::vector<float> next_candidates_;  // [B, N, D] where history shows candidates: for callers that do not want them
  std::vector<uint8_t> active_;         // [B]: the same, where users may wait
};

}  // namespace recbots
